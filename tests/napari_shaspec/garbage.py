"""Waits until objects are freed; the last references may be in events that Qt has yet to handle."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from qtpy.QtCore import QCoreApplication, QEvent


def wait_until_freed(qtbot: Any, *kept: weakref.ref[Any]) -> None:
    """Returns when nothing refers to the objects any more; fails with those left after 10 s."""

    def left() -> list[object]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        return [ref() for ref in kept if ref() is not None]

    def freed() -> None:
        assert left() == []

    qtbot.waitUntil(freed, timeout=10_000)
