"""Act in the dialogs of a real window, which stop the program that opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.desk import Desk, OutOfReachError, rest


def during(
    desk: Desk, kind: type[Any], act: Callable[[Any], None], begin: Callable[[], None]
) -> None:
    """Does ``begin``, which opens a dialog of a kind, and acts in it."""
    done: list[bool] = []
    failed: list[OutOfReachError] = []

    def poll() -> None:
        from qtpy.QtWidgets import QApplication

        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, kind):
            later(poll)
            return
        rest(0.5)
        try:
            act(dialog)
        except OutOfReachError as error:
            desk.look(f"stuck_in_{kind.__name__}")
            failed.append(error)
            dialog.close()
        done.append(True)

    later(poll)
    begin()
    desk.wait(lambda: bool(done), kind.__name__)
    if failed:
        raise failed[0]


def then(kind: type[Any], act: Callable[[Any], None], skip: int = 0) -> None:
    """Acts in the dialog of a kind that comes after ``skip`` others."""
    from qtpy.QtWidgets import QApplication

    seen: list[int] = []

    def poll() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind) and id(dialog) not in seen:
            seen.append(id(dialog))
            if len(seen) > skip:
                rest(0.5)
                act(dialog)
                return
        later(poll)

    later(poll)


def later(act: Callable[[], None]) -> None:
    """Calls ``act`` when the window lives, also in a dialog."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(100, act)


def press(desk: Desk, dialog: Any, text: str) -> None:
    """Clicks the button of a dialog whose text begins so."""
    from qtpy.QtWidgets import QPushButton

    for button in dialog.findChildren(QPushButton):
        if button.isVisible() and button.text().replace("&", "").startswith(text):
            desk._hit(button, button.rect().center(), text)
            return
    raise OutOfReachError(f"button {text} is not there")


def type_path(desk: Desk, dialog: Any, path: str) -> None:
    """Types a path into a file dialog and presses Enter."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QLineEdit

    edit = dialog.findChild(QLineEdit, "fileNameEdit")
    edit.clear()
    QTest.keyClicks(edit, path)
    desk.keys += len(path) + 1
    QTest.keyClick(edit, Qt.Key.Key_Return)
