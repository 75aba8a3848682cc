"""The command line that gives a result again, from what the result knows of itself."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.prediction import Classification, Prediction

Result = Prediction | Classification | FeatureMaps


def command_of(result: Result) -> str:
    """``shaspec predict ...`` with every file and setting of this run, quoted for a shell; for
    maps of features ``shaspec features ... --out features``.

    All files of the case are named, also those that the run did not use; the result lies on the
    grid of those that it did. Raises `InputError` for a result that files alone cannot repeat.
    """
    facts = result.provenance
    files: dict[str, str] = facts.get("files", {})
    if isinstance(result, FeatureMaps):
        command, used = "features", tuple(result.of(result.kinds[0]))
        out = ["--compare"] * (set(used) > set(result.present)) + ["--out", "features"]
    else:
        command, used, out = "predict", result.subset, []
    without = [name for name in used if name not in files]
    if without:
        raise InputError(
            f"{result.case}: {', '.join(without)} did not come from a file, so no command can "
            "give this result again; save the images as NIfTI and open those"
        )
    if not facts.get("source"):
        raise InputError(
            f"model {facts.get('model')!r} did not come from a folder, so no command can give this "
            "result again; save the model and open its folder"
        )
    words = ["shaspec", command, *_inputs(result, files), "--present", str(facts["subset"])]
    words += [*_settings(facts), *out]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _inputs(result: Result, files: dict[str, str]) -> list[str]:
    """The one file of all modalities (4D), or each modality with its file."""
    named = {name: files[name] for name in result.task.names if name in files}
    if len(named) > 1 and len(set(named.values())) == 1:
        return [next(iter(named.values()))]
    return [f"{name}={path}" for name, path in named.items()]


def _settings(facts: Mapping[str, Any]) -> list[str]:
    words = ["--model", str(facts["source"]), "--device", str(facts["device"])]
    if "window" in facts:
        window = ",".join(map(str, facts["window"]))
        words += ["--window", window, "--overlap", str(facts["overlap"])]
    return words
