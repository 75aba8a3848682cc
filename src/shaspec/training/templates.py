"""The files of a proposal: a commented ``task.toml``, ``train.toml`` and folds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from shaspec.errors import InputError
from shaspec.files.reading import exists
from shaspec.files.writing import write_atomically
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.propose import Proposal

FOLDS = 5


FILES = ("task.toml", "splits.json", "train.toml")
"""What `write` may write."""


def write(proposal: Proposal, out: Path) -> list[Path]:
    """Writes the files of a proposal.

    Args:
        proposal: the task and settings.
        out: folder for ``task.toml`` (unless the task is bundled), ``train.toml`` and, with enough
            cases, ``splits.json``.

    Returns:
        The paths written.

    Raises:
        InputError: a file exists already.
    """
    files: dict[Path, str] = {}
    settings: dict[str, Any] = {
        "out": out / "run",
        "task": proposal.task.name,
        "data": proposal.folder,
        "crop": proposal.crop,
        "max_minutes": 60.0,
    }
    if not proposal.bundled:
        settings["task"] = out / "task.toml"
        files[out / "task.toml"] = task_text(proposal.task)
    names = [c.name for c in proposal.labelled]
    if len(names) >= FOLDS:
        order = np.random.default_rng(0).permutation(names).tolist()
        folds = {"folds": [sorted(order[k::FOLDS]) for k in range(FOLDS)]}
        files[out / "splits.json"] = json.dumps(folds, indent=1) + "\n"
        settings |= {"splits": out / "splits.json", "fold": 0}
    files[out / "train.toml"] = config_text(settings)
    existing = [str(path) for path in files if exists(path)]
    if existing:
        raise InputError(
            f"{' and '.join(existing)} would be replaced: remove it, or give --out FOLDER"
        )
    for path, text in files.items():
        write_atomically(path, text.encode())
    return list(files)


def task_text(task: Task) -> str:
    """A task as a commented TOML file."""
    lines = [
        "# Modalities, labels and regions. You can change names and titles; models store a copy.",
        *_lines(name=task.name, title=task.title, dims=task.dims),
        "# Voxel size in mm at which the network works (axes: inferior to superior, anterior to",
        "# posterior, right to left); here the median of the cases.",
        *_lines(spacing=task.spacing),
        "# Parts of file names that mark label files.",
        *_lines(label_words=task.label_words),
        "",
        "# One volume per modality; words are the parts of file names that identify it.",
    ]
    for m in task.modalities:
        lines += ["[[modalities]]", *_lines(name=m.name, words=m.words)]
        if m.window:
            lines += ["# Intensities are clipped to this window; here the range inside the labels."]
            lines += _lines(normalisation=m.normalisation, window=m.window)
        lines += [""]
    lines += ["# Values of the label files."]
    for label in task.labels:
        lines += ["[[labels]]", *_lines(**label.model_dump()), ""]
    lines += [
        "# Regions that the network predicts: unions of labels. A voxel gets the label that the",
        "# smallest region containing it paints.",
    ]
    for region in task.regions:
        lines += ["[[regions]]", *_lines(**region.model_dump()), ""]
    return "\n".join(lines).rstrip() + "\n"


def config_text(settings: dict[str, Any]) -> str:
    """A configuration with all keys explained; keys not in ``settings`` are commented out."""
    lines = ["# A training run: shaspec train FILE", ""]
    for name, field in TrainConfig.model_fields.items():
        lines += [f"# {line}" for line in (field.description or "").replace("``", "").splitlines()]
        if name in settings:
            lines += [f"{name} = {toml(settings[name])}", ""]
        else:
            default = field.get_default(call_default_factory=True)
            shown = "" if default is None else toml(default)
            lines += [f"# {name} = {shown}".rstrip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _lines(**values: Any) -> list[str]:
    return [f"{key} = {toml(value)}" for key, value in values.items()]


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, Path):
        value = value.as_posix()
    if isinstance(value, dict):
        return "{ " + ", ".join(_lines(**value)) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
