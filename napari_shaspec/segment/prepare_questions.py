"""Opens the dialogs of a preparation and passes the answers to the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_shaspec.jobs.turns import later
from napari_shaspec.jobs.waiting import alive
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.nudge_dialog import NudgeDialog
from napari_shaspec.segment.prepare_dialog import DoubtDialog, PicturesDialog, PrepareDialog

if TYPE_CHECKING:
    from shaspec.preparation import DoubtfulError
    from shaspec.registration import Registration


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
            preparing.prepare(
                dialog.folder, reference=dialog.reference, strip=dialog.strip,
                skull_engine=dialog.skull_engine, brain_mask=dialog.brain_mask, check=dialog.check,
            )  # fmt: skip

    def ask_about(self, error: DoubtfulError | None) -> None:
        """Shows a registration and asks what to do, when the job has ended."""
        if error is not None:
            later(self._ask)

    def _ask(self) -> None:
        error = self._controller.state.doubtful
        if error is None:
            return
        while True:  # until the user decides; cancelling an adjustment goes back
            dialog = DoubtDialog(error, self._parent)
            if dialog.exec() != DoubtDialog.ADJUST:
                self._controller.preparing.decide(dialog.decision)
                return
            placed = self._place(error)
            if placed is not None:
                self._controller.preparing.decide("use", placed)
                return

    def _place(self, error: DoubtfulError) -> Registration | None:
        """How the user places the scan by hand; None: cancelled."""
        from shaspec.preparation.nudge import Nudge

        start = error.found[error.modality]
        nudge = alive(lambda: Nudge(error.fixed, error.moving, start), "reading the scans")
        dialog = NudgeDialog(nudge, error.modality, self._parent)
        try:
            return dialog.registration if dialog.exec() else None
        finally:
            dialog.end()

    def edit_mask(self) -> None:
        """Shows the brain mask to be painted; asks for the scans if it is not known where they
        are, e.g. for a case that was prepared in another session."""
        editing = self._controller.mask_editing
        source = None
        while not editing.edit(source):
            folder = QFileDialog.getExistingDirectory(
                self._parent, "Folder of the scans that this case was prepared from, with the skull"
            )
            if not folder:
                return
            source = Path(folder)

    def show_pictures(self) -> None:
        """Shows the pictures of the preparation of this case."""
        PicturesDialog(self._controller.state.pictures, self._parent).exec()
