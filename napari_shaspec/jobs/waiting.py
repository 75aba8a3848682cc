"""Waits for slow work without a frozen window, where napari needs the result from the call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

REPAINT = 0.03  # seconds between two repaints of the window


def alive(work: Callable[[], T], doing: str) -> T:
    """The result of ``work``, computed in a thread while the window is repainted.

    Mouse and keyboard events wait until then, so that the viewer does not change meanwhile.

    Args:
        work: must not touch the viewer or Qt.
        doing: for the progress bar, e.g. "reading the case".

    Returns:
        What ``work`` returns; without a window it is called in this thread.

    Raises:
        Exception: whatever ``work`` raises.
    """
    if not _has_window():
        return work()
    from napari.utils import progress

    with ThreadPoolExecutor(1) as thread, progress(total=0, desc=doing):
        result = thread.submit(work)
        while not result.done():
            repaint()
            wait([result], timeout=REPAINT)
    return result.result()


def repaint() -> None:
    """Handles the waiting events of the window, if there is one, without mouse and keyboard."""
    if not _has_window():
        return
    from qtpy.QtCore import QEventLoop
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def _has_window() -> bool:
    from napari import current_viewer

    return getattr(current_viewer(), "window", None) is not None
