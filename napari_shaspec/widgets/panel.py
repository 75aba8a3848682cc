"""What all panels are: a scrolling column of views, and a controller that lives as long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from qtpy.QtCore import QEvent, QMimeData, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.jobs.state import JobState
from napari_shaspec.settings import PLUGIN

LEAST = 300  # pixels across: a panel that is narrower is no pleasure


class Controller(Protocol):
    """What a panel needs of the one that does the work."""

    @property
    def state(self) -> JobState: ...

    def open(self, paths: Sequence[str | Path]) -> None: ...

    def close(self) -> None: ...


class Column(QScrollArea):
    """Scrolls up and down only, and is never narrower than what is in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """Room for the widest view and the scroll bar; as low as any scroll area."""
        hint = super().minimumSizeHint()
        inner, bar = self.widget(), self.verticalScrollBar()
        if inner is not None and bar is not None:
            needed = inner.minimumSizeHint().width() + bar.sizeHint().width()
            hint.setWidth(max(LEAST, needed))
        return hint

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The scroll area already watches its widget: what it needs may have changed."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class Panel(QWidget):
    """A dock widget. A subclass makes its views, then calls `fill` and `follow`."""

    closed = Signal()
    """The user has closed it; its controller has ended what it was doing."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
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
        self._scroll = scroll = Column()
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def follow(
        self,
        fields: Mapping[str, Callable[[Any], None]],
        views: Mapping[Callable[[], None], Sequence[str]],
    ) -> None:
        """Shows the state of the controller now, and again whenever it changes.

        Args:
            fields: name of a field -> what shows its value.
            views: what shows several fields at once -> the names of these fields.
        """
        state = self._controller.state
        for name, show in fields.items():
            show(getattr(state, name))
            state.events[name].connect(show, max_args=1)
        for view, names in views.items():
            view()
            for name in names:
                state.events[name].connect(view, max_args=0)
        self.destroyed.connect(self._controller.close)

    def scroll_to(self, view: QWidget) -> None:
        """Scrolls until ``view`` is seen, as soon as it has its place."""
        self._goal = view
        QTimer.singleShot(0, self._scroll_now)

    def _scroll_now(self) -> None:
        self._scroll.ensureWidgetVisible(self._goal)

    def changeEvent(self, event: QEvent | None) -> None:
        """The cross of a dock widget takes the panel out of it: no closeEvent, no destruction."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange and not self.parent():
            self._controller.close()
            self.closed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files and folders may be dropped on the panel: no dialog asks which reader is meant."""
        if event is not None and local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """A case folder, or files that make up one."""
        if event is not None:
            event.acceptProposedAction()
            self._controller.open(local_paths(event.mimeData()))


class LowPanel(Panel):
    """A panel that lies below the picture: the right side is for those that it works with."""

    def __init__(self, controller: Controller, height: int) -> None:
        super().__init__(controller)
        self._height = height

    def changeEvent(self, event: QEvent | None) -> None:
        """Once napari has put its dock widget where it puts all of them."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange:
            QTimer.singleShot(0, self._go_below)

    def _go_below(self) -> None:
        dock = self.parent()
        if isinstance(dock, QDockWidget) and isinstance(window := dock.parent(), QMainWindow):
            # The layer list and its controls need the whole height of a small screen.
            window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
            window.resizeDocks([dock], [self._height], Qt.Orientation.Vertical)


def opener(viewer: Any) -> Callable[[str], Any]:
    """Opens a panel of this plugin in the window of ``viewer``, in front of the others."""

    def open_panel(name: str) -> Any:
        dock, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
        dock.show()
        dock.raise_()
        return panel

    return open_panel


def to_clipboard(text: str | None) -> None:
    """Copies a text, if there is one."""
    clipboard = QApplication.clipboard()
    if text is not None and clipboard is not None:
        clipboard.setText(text)


def line() -> QFrame:
    """A thin line between groups of views."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    return frame


def local_paths(data: QMimeData | None) -> list[str]:
    """The files and folders of this computer that are being dragged."""
    if data is None:
        return []
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
