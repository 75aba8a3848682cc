"""The last guard of the window: an unforeseen error of a panel becomes a sentence and a report.

Errors of jobs are told by `JobControl`. Those of slots, which Qt calls in the thread of the window,
come to ``sys.excepthook``. Errors of napari and of other plugins are passed on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import TracebackType

from qtpy.QtCore import QTimer

from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.wording import in_window
from shaspec.errors import ShaspecError
from shaspec.fault import is_off

DELAYS = (0, 1000)
"""Milliseconds until the hook is looked at again: a script opens panels before napari runs."""
OURS = ("napari_shaspec", "shaspec")


class _Guard:
    """An exception hook in the place of another one."""

    def __init__(self) -> None:
        self._before = sys.excepthook

    def __call__(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        chain = list(_chain(error))
        if not isinstance(error, Exception) or not any(map(_is_ours, chain)):
            self._before(kind, error, traceback)
            return
        told = [str(one) for one in chain if isinstance(one, ShaspecError)]
        if told:
            notifications.error(in_window(told[0]))
        else:
            notifications.unforeseen(error)


def watch() -> None:
    """Guard the window from now on, and again once napari, which sets a hook at its start, runs."""
    if not is_off():
        _install()
        for delay in DELAYS:
            QTimer.singleShot(delay, _install)


def _install() -> None:
    if not isinstance(sys.excepthook, _Guard):
        sys.excepthook = _Guard()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was raised from, as psygnal does with those of a callback."""
    while error is not None:
        yield error
        error = error.__cause__


def _is_ours(error: BaseException) -> bool:
    """Whether code of this program raised an error, or was called on the way."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
            return True
        traceback = traceback.tb_next
    return False
