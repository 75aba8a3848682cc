"""Slow work behind a dialog with progress and *Cancel*, where napari needs the result at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from napari_shaspec.jobs.waiting import REPAINT
from shaspec.progress import Report, silent

T = TypeVar("T")
SOON = 400  # ms; shorter work shows no dialog


class _CancelledError(Exception):
    """Raised in the work when the user has cancelled."""


def cancellable(work: Callable[[Report], T], doing: str) -> T | None:
    """The result of ``work``, computed in a thread; None: the user has cancelled.

    Args:
        work: must not touch the viewer or Qt. It calls the function that it is given with ``done``,
            ``total`` and the stage; that call ends it when the user cancels.
        doing: text of the dialog until the first stage.

    Returns:
        What ``work`` returns; without a window it is called in this thread.

    Raises:
        Exception: whatever ``work`` raises.
    """
    from napari import current_viewer

    viewer = current_viewer()
    if getattr(viewer, "window", None) is None:
        return work(silent)
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication, QProgressDialog

    dialog = QProgressDialog(f"{doing}…", "Cancel", 0, 0, viewer.window._qt_window)
    dialog.setObjectName("shaspec_waiting")
    dialog.setWindowTitle("ShaSpec")
    dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
    dialog.setMinimumDuration(SOON)
    dialog.setAutoReset(False)
    dialog.setAutoClose(False)
    stop, latest = threading.Event(), (0, 0, doing)

    def report(done: int, total: int, stage: str) -> None:
        nonlocal latest
        if stop.is_set():
            raise _CancelledError
        latest = done, total, stage

    try:
        with ThreadPoolExecutor(1) as thread:
            result = thread.submit(work, report)
            while not result.done():
                if dialog.wasCanceled():
                    stop.set()
                done, total, stage = latest
                dialog.setMaximum(total)
                dialog.setValue(done)
                dialog.setLabelText("cancelling…" if stop.is_set() else f"{stage}…")
                QApplication.processEvents()
                wait([result], timeout=REPAINT)
        return result.result()
    except _CancelledError:
        return None
    finally:
        dialog.close()
        dialog.deleteLater()
