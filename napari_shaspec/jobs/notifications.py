"""Notifications of napari, for messages that a user must not overlook."""

from __future__ import annotations


def info(text: str) -> None:
    """Shows a notification that disappears."""
    from napari.utils.notifications import show_info

    show_info(text)


def error(text: str) -> None:
    """Shows an error of the input or settings, without a traceback."""
    from napari.utils.notifications import show_error

    show_error(text)


def bug(error: Exception) -> None:
    """Shows an unexpected error with its traceback, for a bug report."""
    from napari.utils.notifications import notification_manager

    notification_manager.receive_error(type(error), error, error.__traceback__)


def ask(question: str) -> bool:
    """Asks the user; returns False if there is no window to ask in."""
    from qtpy.QtWidgets import QApplication, QMessageBox

    if QApplication.instance() is None:
        return False
    parent = QApplication.activeWindow()
    yes = QMessageBox.StandardButton.Yes
    return bool(QMessageBox.question(parent, "ShaSpec", question) == yes)
