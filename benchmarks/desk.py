"""A person at the window: moves the mouse, clicks, drags, types and looks. Every click counts.

A click goes to whatever lies under the mouse, so a control that is covered or cannot be reached
ends the task.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari
    from qtpy.QtCore import QPoint, QRect
    from qtpy.QtWidgets import QWidget

PATIENCE = 900.0
"""Seconds after which something that a person waits for counts as a hang."""


class OutOfReachError(Exception):
    """A control is not there, disabled, or covered."""


@dataclass
class Desk:
    """One person, one window.

    Args:
        viewer: a shown window of napari.
        out: folder of the screenshots; None: none are taken.
    """

    viewer: napari.Viewer
    out: Path | None = None
    clicks: int = 0
    keys: int = 0
    said: list[str] = field(default_factory=list)
    """What was clicked, in order."""

    # -- looking -----------------------------------------------------------------------------------

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Lets the window live until something is so."""
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise OutOfReachError(f"{what} does not come")
            rest(0.02)

    def look(self, name: str) -> None:
        """Takes a picture of the screen."""
        rest(0.5)
        if self.out is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            screen = self.viewer.window._qt_window.screen()
            screen.grabWindow(0).save(str(self.out / f"{name}.png"))

    def find(self, panel: QWidget, name: str) -> Any:
        """A visible control of a panel, scrolled into view."""
        from qtpy.QtWidgets import QScrollArea, QWidget

        for widget in panel.findChildren(QWidget, f"shaspec_{name}"):
            if widget.isVisibleTo(panel):
                for area in panel.findChildren(QScrollArea):
                    if area.isAncestorOf(widget):
                        area.ensureWidgetVisible(widget)
                rest(0.1)
                return widget
        raise OutOfReachError(f"{name} is not there")

    # -- mouse -------------------------------------------------------------------------------------

    def click(self, panel: QWidget, name: str) -> None:
        """Clicks a control of a panel."""
        from qtpy.QtCore import QPoint
        from qtpy.QtWidgets import QCheckBox

        widget = self.find(panel, name)
        if not widget.isEnabled():
            raise OutOfReachError(f"{name} is disabled")
        place = widget.rect().center()
        if isinstance(widget, QCheckBox):
            place = QPoint(8, place.y())
        self._hit(widget, place, name)

    def click_row(self, panel: QWidget, table: str, row: int) -> None:
        """Clicks the first cell of a row of a table."""
        widget = self.find(panel, table)
        widget.scrollToItem(widget.item(row, 0))
        rest(0.1)
        rect = widget.visualItemRect(widget.item(row, 0))
        self._hit(widget.viewport(), rect.center(), f"{table}, row {row + 1}")

    def choose(self, panel: QWidget, combo: str, text: str) -> None:
        """Opens a list and clicks an entry."""
        self.click(panel, combo)
        view = self.find(panel, combo).view()
        self.wait(view.isVisible, combo)
        rest(0.2)
        box = self.find(panel, combo)
        rows = [row for row in range(box.count()) if box.itemText(row) == text]
        if not rows:
            raise OutOfReachError(f"{combo} has no {text!r}")
        index = view.model().index(rows[0], 0)
        view.scrollTo(index)
        self._hit(view.viewport(), view.visualRect(index).center(), text)

    def menu(self, *path: str) -> None:
        """Clicks through napari's menus, e.g. ``menu("Plugins", "ShaSpec", "Segment")``."""
        place: Any = self.viewer.window._qt_window.menuBar()
        for text in path:
            actions = [a for a in place.actions() if _plain(a.text()).startswith(text)]
            if not actions:
                raise OutOfReachError(f"menu {' > '.join(path)} is not there")
            rect: QRect = place.actionGeometry(actions[0])
            self._hit(place, rect.center(), text)
            if actions[0].menu() is not None:
                place = actions[0].menu()
                self.wait(place.isVisible, text)

    def drag(self, widget: QWidget, start: QPoint, end: QPoint, name: str = "") -> None:
        """Presses, moves and lets go; counted only if it has a name, unlike strokes."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        left, steps = Qt.MouseButton.LeftButton, 8
        begin = widget.mapToGlobal(start)  # what is dragged may move
        QTest.mouseMove(widget, start)
        QTest.mousePress(widget, left, pos=start)
        for step in range(1, steps + 1):
            place = begin + (end - start) * step / steps
            QTest.mouseMove(widget, widget.mapFromGlobal(place))
            rest(0.03)
        QTest.mouseRelease(widget, left, pos=widget.mapFromGlobal(place))
        if name:
            self._count(name)
        rest(0.2)

    def drop(self, panel: QWidget, path: Path) -> None:
        """Drags a folder from a file manager onto a panel; counts as one click."""
        from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
        from qtpy.QtGui import QDragEnterEvent, QDropEvent
        from qtpy.QtWidgets import QApplication

        data, place = QMimeData(), panel.rect().center()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(panel, QDragEnterEvent(place, *how, none))
        QApplication.sendEvent(panel, QDropEvent(QPointF(place), *how, none))
        self._count(f"drop {path.name}")

    def _hit(self, widget: QWidget, place: QPoint, name: str) -> None:
        """Clicks what is under the mouse at a place of a widget, which must be that widget."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        point = widget.mapToGlobal(place)
        under = QApplication.widgetAt(point)
        if under is None or not (under is widget or widget.isAncestorOf(under)):
            raise OutOfReachError(f"{name} is covered by {under}")
        QTest.mouseMove(under, under.mapFromGlobal(point))
        rest(0.05)
        self._count(name)
        QTest.mouseClick(under, Qt.MouseButton.LeftButton, pos=under.mapFromGlobal(point))
        rest(0.2)

    def _count(self, name: str) -> None:
        self.clicks += 1
        self.said.append(name)

    # -- keys --------------------------------------------------------------------------------------

    def click_and_name_file(self, panel: QWidget, name: str, path: Path) -> None:
        """Clicks a button that asks for a file, types its name and presses Enter."""
        from qtpy.QtCore import Qt, QTimer
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit

        end = time.monotonic() + PATIENCE

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, QFileDialog):
                if time.monotonic() < end:
                    QTimer.singleShot(50, answer)
                return
            edit = dialog.findChild(QLineEdit, "fileNameEdit")
            assert edit is not None
            if edit.text() != str(path):
                edit.clear()
                QTest.keyClicks(edit, str(path))
                self.keys += len(str(path)) + 1
            save = dialog.findChild(QDialogButtonBox).buttons()[0]
            if save.isEnabled():
                QTest.keyClick(edit, Qt.Key.Key_Return)
            else:  # the dialog is still reading the folder
                QTest.keyClicks(edit, "_")
                QTest.keyClick(edit, Qt.Key.Key_Backspace)
                QTimer.singleShot(50, answer)

        QTimer.singleShot(50, answer)
        self.click(panel, name)
        self.wait(path.is_file, str(path))


def rest(seconds: float) -> None:
    """Lets Qt work for some time."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(max(1, round(1000 * seconds)), loop.quit)
    loop.exec()


def _plain(text: str) -> str:
    """The text of a menu entry without its marks."""
    return text.replace("&", "")
