"""The result of a job, for callers that do not need its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from shaspec.inference.events import Notice, Progress
from shaspec.progress import Report, silent

E = TypeVar("E")


def last_event(
    events: Iterable[Progress | Notice | E],
    *,
    progress: Report = silent,
    notice: Callable[[str], None] = silent,
) -> E:
    """Run a job to its end.

    Args:
        events: what the job yields, e.g. `Session.predict`.
        progress: called with ``done``, ``total`` and ``stage`` of every `Progress`.
        notice: called with the text of every `Notice`.

    Returns:
        The last event that is neither: `Finished`, `Computed`, or `RowAdded` of a sweep.

    Raises:
        ShaspecError: an error of the job.
        ValueError: if the events end without a result, which no job of the engine does.
    """
    last: E | None = None
    for event in events:
        if isinstance(event, Progress):
            progress(event.done, event.total, event.stage)
        elif isinstance(event, Notice):
            notice(event.text)
        else:
            last = event
    if last is None:
        raise ValueError("the job ended without a result")
    return last
