"""Waits for what Qt does on its next turns."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from typing import Any

from qtpy.QtCore import QCoreApplication, QEvent


def wait_until_freed(qtbot: Any, *kept: weakref.ref[Any]) -> None:
    """Returns when nothing refers to the objects any more; fails with those left after 10 s.

    The last references may be in events that Qt has yet to handle.
    """

    def left() -> list[object]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        return [ref() for ref in kept if ref() is not None]

    def freed() -> None:
        assert left() == []

    qtbot.waitUntil(freed, timeout=10_000)


def wait_for_layout(qtbot: Any, viewer: Any) -> None:
    """Returns when the canvas has the size that the docks leave to it."""
    canvas = viewer.window._qt_viewer.canvas.native
    sizes: deque[Any] = deque(maxlen=5)

    def unchanged() -> bool:
        sizes.append(canvas.size())
        return len(sizes) == sizes.maxlen and all(size == sizes[0] for size in sizes)

    qtbot.waitUntil(unchanged, timeout=10_000)
