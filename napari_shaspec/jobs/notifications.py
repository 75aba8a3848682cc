"""napari's notifications, in one place: what a user must not overlook."""

from __future__ import annotations


def info(text: str) -> None:
    """A note that goes by itself."""
    from napari.utils.notifications import show_info

    show_info(text)


def error(text: str) -> None:
    """What went wrong and how to mend it, without a traceback."""
    from napari.utils.notifications import show_error

    show_error(text)


def bug(error: Exception) -> None:
    """An error that is ours: with its traceback, for a report."""
    from napari.utils.notifications import notification_manager

    notification_manager.receive_error(type(error), error, error.__traceback__)


def ask(question: str) -> bool:
    """Asks the user; False where there is no window to ask in."""
    from qtpy.QtWidgets import QApplication, QMessageBox

    if QApplication.instance() is None:
        return False
    parent = QApplication.activeWindow()
    yes = QMessageBox.StandardButton.Yes
    return bool(QMessageBox.question(parent, "ShaSpec", question) == yes)
