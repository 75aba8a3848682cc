"""``--json``: one event per line on stdout, for programs that run a command and show its progress.

Every line is an object with ``event``: ``progress`` (``done``, ``total``, ``stage``), ``notice``
(``text``), ``row`` of a sweep, and at the end ``finished`` or ``failed`` (``message``).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from shaspec.analysis.subset_table import SubsetTable
    from shaspec.inference.events import Notice, Progress
    from shaspec.prediction import Prediction

E = TypeVar("E")

Json = Annotated[
    bool, typer.Option("--json", help="One event per line on stdout, for programs; nothing else.")
]


class JsonLines:
    """Writes events as lines of JSON; nothing if it is off.

    Args:
        on: whether ``--json`` was given.
    """

    def __init__(self, on: bool) -> None:
        self.on = on

    def write(self, event: str, **fields: Any) -> None:
        """One event; numbers that JSON does not have become null."""
        if self.on:
            sys.stdout.write(json.dumps({"event": event, **_plain(fields)}) + "\n")
            sys.stdout.flush()

    def progress(self, done: int, total: int, stage: str) -> None:
        """``done`` of ``total`` units, and a short text."""
        self.write("progress", done=done, total=total, stage=stage)

    def notices(self, texts: Iterable[str]) -> None:
        """Sentences that a user should read."""
        for text in texts:
            self.write("notice", text=text)

    def job(self, events: Iterable[Progress | Notice | E]) -> E:
        """Writes progress and notices of a job; returns its last event, which has the result."""
        from shaspec.inference.outcome import last_event

        return last_event(events, progress=self.progress, notice=lambda text: self.notices([text]))

    def row(self, table: SubsetTable) -> None:
        """The row that was added last to the table of a sweep."""
        row = table.rows[-1]
        self.write(
            "row", model=table.model, subset=row.name, modalities=list(row.subset),
            reference=table.reference, values=row.values,
        )  # fmt: skip

    def result(self, prediction: Prediction, **fields: Any) -> None:
        """The end of a run that segmented one case."""
        self.write(
            "finished",
            case=prediction.case,
            subset=prediction.task.subset_name(prediction.subset),
            sizes=prediction.region_sizes(),
            unit=prediction.grid.unit,
            provenance=prediction.provenance,
            **fields,
        )


@contextmanager
def json_lines(on: bool) -> Iterator[JsonLines]:
    """The writer of a command. An error for the user is written too, as ``failed``."""
    lines = JsonLines(on)
    try:
        yield lines
    except ShaspecError as error:
        lines.write("failed", message=str(error))
        raise


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
