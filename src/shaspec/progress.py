"""Progress of a job: a bar in the terminal or notebook, or a call of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Report = Callable[[int, int, str], None]
"""Called with ``done``, ``total`` and ``stage``, a short text."""


def silent(*_: object) -> None:
    """Report nothing."""


def progress_bar(console: Console | None = None) -> Progress:
    """An empty rich progress bar that disappears when it is done.

    Args:
        console: where to draw it; default: standard error, or the notebook.

    Returns:
        A context manager, see ``rich.progress.Progress``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=console or Console(stderr=True), transient=True)


@contextmanager
def reporting(progress: bool | Report, console: Console | None = None) -> Iterator[Report]:
    """Reports the progress of one job.

    Args:
        progress: True: a bar; False: nowhere; a function: that function.
        console: where a bar is drawn; default: standard error, or the notebook.

    Yields:
        The function to call with ``done``, ``total`` and ``stage``.
    """
    if not isinstance(progress, bool):
        yield progress
    elif not progress:
        yield silent
    else:
        with progress_bar(console) as bar:
            work = bar.add_task("starting", total=None)
            yield lambda done, total, stage: bar.update(
                work, completed=done, total=total, description=stage
            )
