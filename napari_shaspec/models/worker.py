"""Imports weights of the authors' code; slow, runs in a worker."""

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
class Checkpoint:
    """Weights of the authors' code, and what is to become of them."""

    file: Path
    out: Path
    method: str = "shaspec"
    task: str = "brats"
    modalities: str = ""
    """Order of the input channels, e.g. ``T1+T1ce+T2+FLAIR``; empty: that of the task."""
    labels: str = ""
    """Labels of the output classes, e.g. ``2,1,4``; empty: those of the task."""


@dataclass(frozen=True)
class Imported:
    """The event of a job that has made a model folder."""

    folder: Path
    lines: tuple[str, ...]


def import_checkpoint(what: Checkpoint) -> Iterator[Progress | Imported]:
    """Reads, converts and writes: slow, to be run in a worker."""
    yield Progress(0, 0, "reading the checkpoint")  # a place to stop at
    from shaspec.models.import_official import import_official
    from shaspec.task import load_task

    try:
        labels = [int(part) for part in what.labels.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"labels {what.labels!r}: give whole numbers such as 2,1,4") from None
    order = [name.strip() for name in what.modalities.split("+") if name.strip()]
    task = load_task(what.task).reordered(order, labels)
    card, report = import_official(what.file, what.method, task, what.out)
    wrote = f"wrote {card.parameters:,} parameters and a card to {what.out}"
    yield Imported(what.out, (*report.lines(), wrote))
