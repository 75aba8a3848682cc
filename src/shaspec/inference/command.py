"""The command line that reproduces a result, from its provenance."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.io.formats.table import is_volume
from shaspec.prediction import Classification, Prediction

Result = Prediction | Classification | FeatureMaps


def command_of(result: Result) -> str:
    """The command with every file and setting of a run, quoted for a shell.

    ``shaspec predict ...``, or ``shaspec features ... --out features`` for feature maps. All files
    of the case are listed, also those that the run did not use; the result is on the grid of those
    that it used. Raises `InputError` if the case or the model was not read from files.
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
            "reproduce this result: save the images as NIfTI and open the saved files"
        )
    if not facts.get("source"):
        raise InputError(
            f"model {facts.get('model')!r} did not come from a folder, so no command can reproduce "
            "this result: save the model and open its folder"
        )
    words = ["shaspec", command, *_inputs(result, files), "--present", str(facts["subset"])]
    words += [*_grid(result, used, files), *_settings(facts), *out]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _inputs(result: Result, files: dict[str, str]) -> list[str]:
    """The one file of all modalities (4D), or each modality with its file."""
    named = {name: files[name] for name in result.task.names if name in files}
    if len(named) > 1 and len(set(named.values())) == 1:
        path = Path(next(iter(named.values())))
        _require_order(path, result, named)
        return [str(path)]
    return [f"{name}={path}" for name, path in named.items()]


def _require_order(path: Path, result: Result, used: Collection[str]) -> None:
    """Raise `InputError` if a 4D file would be read with its channels in another order."""
    channels: dict[str, int] = result.provenance.get("channels", {})
    from shaspec.io.channels import channel_case

    read = channel_case(path, result.task, False).channel or {}
    if any(channels.get(name, read.get(name)) != read.get(name) for name in used):
        raise InputError(
            f"{path}: its channels were assigned by hand, which no command can express: save each "
            "as a file of its own, or list them in a dataset.json, and open these"
        )


def _grid(result: Result, used: Sequence[str], files: Mapping[str, str]) -> list[str]:
    """``--grid`` for a label map that lies on the grid of another file than the first."""
    paths = [(name, Path(files[name])) for name in used]
    if not isinstance(result, Prediction) or not all(is_volume(path) for _, path in paths):
        return []
    try:
        from shaspec.io.volumes import read_header

        headers = [(name, read_header(path)) for name, path in paths]
    except InputError:  # moved since then: the command names a file that is not there
        return []
    grids = [(name, Grid.from_affine(h.affine, h.shape[:3])) for name, h in headers]
    same = [name for name, grid in grids if grid.matches(result.grid)]
    if not same:
        raise InputError(
            f"{paths[0][1]}: the images were moved after they were read, or the file has changed, "
            "so no command can reproduce this result: save the images as NIfTI and open the saved "
            "files"
        )
    return ["--grid", same[0]] if same[0] != grids[0][0] else []


def _settings(facts: Mapping[str, Any]) -> list[str]:
    words = ["--model", str(facts["source"]), "--device", str(facts["device"])]
    if "precision" in facts:
        words += ["--precision", str(facts["precision"])]
    if "window" in facts:
        window = ",".join(map(str, facts["window"]))
        words += ["--window", window, "--overlap", str(facts["overlap"])]
    if thresholds := facts.get("thresholds"):
        words += ["--threshold", ",".join(f"{name}={value}" for name, value in thresholds.items())]
    return words
