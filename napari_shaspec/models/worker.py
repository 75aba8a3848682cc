"""Imports checkpoints of the authors' code. Slow: runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.inference.events import Progress

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class CheckpointImport:
    """A checkpoint of the authors' code, and how to import it."""

    file: Path
    out: Path
    method: str = "shaspec"
    task: str = "brats"
    modalities: str = ""
    """Order of the input channels, e.g. ``T1+T1ce+T2+FLAIR``; empty: as in the task."""
    labels: str = ""
    """Labels of the output classes, e.g. ``2,1,4``; empty: as in the task."""


@dataclass(frozen=True)
class Imported:
    """Event: the model folder was written."""

    folder: Path
    lines: tuple[str, ...]


def import_checkpoint(checkpoint: CheckpointImport) -> Iterator[Progress | Imported]:
    """Converts a checkpoint to a model folder. Slow: run it in a worker.

    Raises:
        InputError: the labels are not whole numbers.
    """
    yield Progress(0, 0, "reading the checkpoint")  # can be cancelled here
    from shaspec.models.import_official import import_official
    from shaspec.task import load_task

    try:
        labels = [int(part) for part in checkpoint.labels.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"Outputs {checkpoint.labels!r}: give whole numbers, e.g. 2,1,4") from None
    order = [name.strip() for name in checkpoint.modalities.split("+") if name.strip()]
    task = load_task(checkpoint.task).reordered(order, labels)
    card, report = import_official(checkpoint.file, checkpoint.method, task, checkpoint.out)
    wrote = f"wrote {card.parameters:,} parameters and a card to {checkpoint.out}"
    yield Imported(checkpoint.out, (*report.lines(), wrote))
