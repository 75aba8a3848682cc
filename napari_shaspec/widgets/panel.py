"""Base class of all panels: a scrolling column of widgets, and a controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from qtpy import PYSIDE6
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

from napari_shaspec.jobs.last_guard import watch
from napari_shaspec.jobs.state import JobState
from napari_shaspec.layers.text_sizes import TextWatch
from napari_shaspec.settings import PLUGIN
from napari_shaspec.widgets.large_type import enlarge
from napari_shaspec.widgets.layer_rows import LayerRows
from napari_shaspec.widgets.viewer_window import before_end

LEAST = 300  # minimum width in pixels
ROOM = 1000  # height of a window in which two panels stay readable below each other, in pixels
PAUSE = 20  # milliseconds: a dock widget that is shown again has its tab after the next layout


class Front(QObject):
    """Brings a dock widget to the front when a menu of napari shows it.

    napari's menus show and hide panels. One that lies behind another tab counts as shown, so its
    entry would remove it, and the next choice would put it back behind the other tab.
    """

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self._in_front = self._was_behind = False
        dock.visibilityChanged.connect(self._on_visible)
        dock.installEventFilter(self)

    def _on_visible(self, in_front: bool) -> None:
        self._in_front = in_front

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hears of it before the dock widget does."""
        kind = None if event is None else event.type()
        if kind == QEvent.Type.Hide:
            self._was_behind = not self._in_front
        elif kind == QEvent.Type.HideToParent and self._was_behind:
            QTimer.singleShot(0, self._dock.show)
        elif kind == QEvent.Type.ShowToParent:
            QTimer.singleShot(PAUSE, self._dock.raise_)
        return super().eventFilter(watched, event)


class Controller(Protocol):
    """What a panel needs of its controller."""

    @property
    def state(self) -> JobState: ...

    def open(self, paths: Sequence[str | Path]) -> None: ...

    def close(self) -> None: ...


class Column(QScrollArea):
    """Scrolls vertically only, and is never narrower than its content."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """Width of the widest widget and the scroll bar; height of any scroll area."""
        hint = super().minimumSizeHint()
        inner, bar = self.widget(), self.verticalScrollBar()
        if inner is not None and bar is not None:
            needed = inner.minimumSizeHint().width() + bar.sizeHint().width()
            hint.setWidth(max(LEAST, needed))
        return hint

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Updates the geometry when the layout of the content changes."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class Panel(QWidget):
    """A dock widget. A subclass makes its widgets, then calls `fill` and `follow`."""

    closed = Signal()
    """The user closed the panel; its controller has stopped its job."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        watch()
        self._controller = controller
        self.setAcceptDrops(True)
        enlarge(self)
        viewer = getattr(controller, "viewer", None)
        if viewer is not None:
            self._texts, self._rows = TextWatch(viewer), LayerRows(self, viewer)
            before_end(self, viewer, controller.close)

    def fill(self, *views: QWidget) -> None:
        """Adds the widgets below each other, in a column that scrolls."""
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
        """Shows the state of the controller, and updates the widgets whenever it changes.

        Args:
            fields: name of a field -> function that shows its value.
            views: function that shows several fields -> names of these fields.
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
        """Scrolls to ``view`` once the layout is done."""
        self._goal = view
        QTimer.singleShot(0, self._scroll_now)

    def _scroll_now(self) -> None:
        self._scroll.ensureWidgetVisible(self._goal)

    def changeEvent(self, event: QEvent | None) -> None:
        """Closing a dock widget removes the panel from it, without closeEvent or destruction."""
        super().changeEvent(event)
        if event is None or event.type() != QEvent.Type.ParentChange:
            return
        if self.parent():
            QTimer.singleShot(0, self._settle)  # when napari has placed the dock widget
        else:
            self._end()
            self.closed.emit()
            if PYSIDE6:  # which never frees what a slot of one of its own widgets refers to
                self.deleteLater()

    def _end(self) -> None:
        """The user has closed the panel."""
        self._controller.close()

    def _settle(self) -> None:
        """Opens in front of other panels as a tab where the window is too low for both."""
        dock = self.parent()
        if not isinstance(dock, QDockWidget) or not isinstance(
            window := dock.parent(), QMainWindow
        ):
            return
        Front(dock)
        area = window.dockWidgetArea(dock)
        others = [
            other
            for other in window.findChildren(QDockWidget)
            if other is not dock
            and isinstance(other.widget(), Panel)
            and other.isVisible()
            and window.dockWidgetArea(other) == area
        ]
        if others and window.height() < ROOM and not window.tabifiedDockWidgets(dock):
            window.tabifyDockWidget(others[0], dock)
            QTimer.singleShot(0, dock.raise_)  # the tab bar is made by the next layout

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accepts files and folders; unlike the canvas, napari does not ask for the reader."""
        if event is not None and local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Opens a case folder, or the files of one case."""
        if event is not None:
            event.acceptProposedAction()
            self._controller.open(local_paths(event.mimeData()))


class LowPanel(Panel):
    """A panel below the canvas, so that other panels can stay open on the right."""

    def __init__(self, controller: Controller, height: int) -> None:
        super().__init__(controller)
        self._height = height

    def _settle(self) -> None:
        """Moves below the canvas."""
        dock = self.parent()
        if isinstance(dock, QDockWidget) and isinstance(window := dock.parent(), QMainWindow):
            # On a small screen the layer list needs the full height.
            window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
            window.resizeDocks([dock], [self._height], Qt.Orientation.Vertical)


def opener(viewer: Any) -> Callable[[str], Any]:
    """A function that opens a panel by name in the window of ``viewer``, in front of the others."""

    def open_panel(name: str) -> Any:
        # napari's menus give a dock another name than a call does, and then open a second one.
        panel = next(
            (
                panel
                for title, panel in viewer.window.dock_widgets.items()
                if isinstance(panel, Panel) and title.startswith(f"{name} (")
            ),
            None,
        )
        if panel is None:
            _, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
        dock: Any = panel.parent()
        dock.show()
        dock.raise_()
        return panel

    return open_panel


def to_clipboard(text: str | None) -> None:
    """Copies a text to the clipboard; None: does nothing."""
    clipboard = QApplication.clipboard()
    if text is not None and clipboard is not None:
        clipboard.setText(text)


def line() -> QFrame:
    """A thin line between groups of widgets."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    return frame


def local_paths(data: QMimeData | None) -> list[str]:
    """Paths of the dragged local files and folders."""
    if data is None:
        return []
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
