"""What all panels are: a scrolling column of views, and a controller that lives as long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_shaspec.widgets.case_bar import local_paths
from napari_shaspec.work import PanelWork


class Controller(Protocol):
    """What a panel needs of the one that does the work."""

    @property
    def work(self) -> PanelWork: ...

    def open(self, paths: Sequence[str | Path]) -> None: ...

    def close(self) -> None: ...


class Panel(QWidget):
    """A dock widget. A subclass makes its views, then calls `fill` and `follow`."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.setMinimumWidth(300)
        self.setAcceptDrops(True)

    def fill(self, *views: QWidget) -> None:
        """Puts the views below each other; on a small screen they scroll, nothing is cut off."""
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        for view in views:
            layout.addWidget(view)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def follow(self, views: Mapping[Callable[[], None], Sequence[str]]) -> None:
        """Calls each view now, and whenever one of its fields of the work changes."""
        events = self._controller.work.events
        for view, names in views.items():
            view()
            for name in names:
                events[name].connect(view, max_args=0)
        self.destroyed.connect(self._controller.close)

    def changeEvent(self, event: QEvent | None) -> None:
        """The cross of a dock widget takes the panel out of it: no closeEvent, no destruction."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange and not self.parent():
            self._controller.close()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files and folders may be dropped on the panel: no dialog asks which reader is meant."""
        if event is not None and local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """A case folder, or files that make up one."""
        if event is not None:
            event.acceptProposedAction()
            self._controller.open(local_paths(event.mimeData()))


def line() -> QFrame:
    """A thin line between groups of views."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    return frame
