"""Opens the dialogs of a preparation and passes the answers to the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_shaspec.jobs.runner import later
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.prepare_dialog import DoubtDialog, PicturesDialog, PrepareDialog

if TYPE_CHECKING:
    from shaspec.preparation import DoubtfulError


class PrepareQuestions:
    """One method per dialog.

    Args:
        parent: the panel.
        controller: of the panel.
    """

    def __init__(self, parent: QWidget, controller: SegmentController) -> None:
        self._parent, self._controller = parent, controller

    def prepare(self) -> None:
        """Asks how to prepare the case, and starts."""
        preparing, state = self._controller.preparing, self._controller.state
        folder = None if state.status.busy else preparing.proposed_folder()
        if folder is None:
            return
        dialog = PrepareDialog(folder, preparing.modalities, self._parent)
        if dialog.exec() and not state.status.busy:
            preparing.prepare(dialog.folder, reference=dialog.reference, strip=dialog.strip)

    def ask_about(self, error: DoubtfulError | None) -> None:
        """Shows a doubtful registration and asks what to do, when the job has ended."""
        if error is not None:
            later(self._ask)

    def _ask(self) -> None:
        error = self._controller.state.doubtful
        if error is None:
            return
        dialog = DoubtDialog(error, self._parent)
        dialog.exec()
        self._controller.preparing.decide(dialog.decision)

    def show_pictures(self) -> None:
        """Shows the pictures of the preparation of this case."""
        PicturesDialog(self._controller.state.pictures, self._parent).exec()
