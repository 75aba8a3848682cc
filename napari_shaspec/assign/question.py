"""Questions about the files of a case, in the window of napari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_shaspec.assign.choices import Choices
    from shaspec.errors import UndecidedError


def can_ask() -> bool:
    """True if napari has a window on the screen."""
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is None:
        return False
    window = viewer.window._qt_window  # napari has no public way to the main window
    return bool(window.isVisible())


def ask_roles(choices: Choices, why: str) -> bool:
    """Shows the assignment dialog, which changes ``choices``; False: the user has cancelled."""
    from napari_shaspec.assign.dialog import AssignDialog

    dialog = AssignDialog(choices, why, _window())
    try:
        return bool(dialog.exec())
    finally:
        dialog.end()


def ask_option(error: UndecidedError, otherwise: str = "Cancel") -> Any:
    """Asks for the value that decides; None: the user does not want to.

    ``otherwise``: the text of the button for that.
    """
    from napari_shaspec.assign.option_dialog import OptionDialog

    dialog = OptionDialog(error, otherwise, _window())
    return dialog.value if dialog.exec() else None


def _window() -> Any:
    from napari import current_viewer

    viewer = current_viewer()
    return viewer.window._qt_window if viewer is not None else None
