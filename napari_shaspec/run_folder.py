"""The folder of a run: a new one, and what is written there before the run begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_shaspec.train_work import RUN_FILE, TASK_FILE, FoundCases
from shaspec.errors import ShaspecError


def new_folder(parent: Path) -> Path:
    """A folder that is not there yet."""
    number = 1
    while (parent / f"run-{number}").exists():
        number += 1
    return parent / f"run-{number}"


def write_run(out: Path, values: dict[str, Any], cases: FoundCases | None) -> None:
    """The file that describes the run, every key explained, and the task if it is the data's."""
    from shaspec.training.scaffold import config_text

    try:
        out.mkdir(parents=True, exist_ok=True)
        if cases is not None and "\n" in cases.task and not (out / TASK_FILE).exists():
            (out / TASK_FILE).write_text(cases.task, "utf-8")
        (out / RUN_FILE).write_text(config_text(values), "utf-8")
    except OSError as error:
        raise ShaspecError(f"{out} cannot be written ({error.strerror}): choose another") from error
