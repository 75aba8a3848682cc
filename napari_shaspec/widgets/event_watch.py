"""Follows napari's events as long as a widget lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget


class EventWatch(QObject):
    """Calls ``changed`` whenever one of ``events`` is emitted, as long as ``widget`` lives.

    It is a child of the widget and ends with it. napari's events refer weakly to a method, so
    nothing has to be disconnected: a function that did so when Qt deletes the widget would run when
    Python has given up its objects already, and end the process.
    """

    def __init__(self, widget: QWidget, events: Iterable[Any], changed: Callable[[], None]) -> None:
        super().__init__(widget)
        self._changed = changed
        for event in events:
            event.connect(self._on_change)

    def _on_change(self, *_: object) -> None:
        self._changed()
