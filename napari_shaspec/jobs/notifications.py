"""Notifications of napari, for messages that a user must not overlook."""

from __future__ import annotations

from napari_shaspec.jobs.wording import in_window
from shaspec.fault import fault_message, is_off


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


def unforeseen(found: Exception) -> str:
    """Shows an error that nobody foresaw; returns what to show in the panel.

    Users get a sentence and a report file; tests and developers the traceback.
    """
    if is_off():
        bug(found)
        return f"Unexpected error: {found} (details in the notification)"
    text = in_window(fault_message(found, "napari-shaspec"))
    error(text)
    return text


def ask(question: str) -> bool:
    """Asks the user; returns False if there is no window to ask in."""
    from qtpy.QtWidgets import QApplication, QMessageBox

    if QApplication.instance() is None:
        return False
    parent = QApplication.activeWindow()
    yes = QMessageBox.StandardButton.Yes
    return bool(QMessageBox.question(parent, "ShaSpec", question) == yes)
