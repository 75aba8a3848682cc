"""Asks what a checkpoint of the authors' code is, and where the model folder shall be.

magicgui makes the form of the signature of `checkpoint`, so its annotations are no strings here.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from magicgui import magicgui
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from napari_shaspec.models.worker import Checkpoint
from napari_shaspec.widgets.controls import form_of
from shaspec.task import bundled_tasks

NOTE = (
    "Reads the weights only: nothing in the file is run. The licence is that of the checkpoint's "
    "authors."
)


def checkpoint(
    file: Annotated[Path, {"label": "Checkpoint", "tooltip": "What their training wrote"}],
    out: Annotated[Path, {"label": "New folder", "mode": "d", "tooltip": "Model folder to make"}],
    method: Annotated[
        Literal["shaspec", "maml", "m3l"], {"label": "Method", "tooltip": "Whose code it was"}
    ] = "shaspec",
    task: Annotated[
        str, {"label": "Task", "choices": bundled_tasks(), "tooltip": "What was segmented"}
    ] = "brats",
    modalities: Annotated[
        str,
        {"label": "Inputs", "tooltip": "Their order, e.g. T1+T1ce+T2+FLAIR; empty: the task's"},
    ] = "",
    labels: Annotated[
        str, {"label": "Outputs", "tooltip": "Their labels, e.g. 2,1,4; empty: the task's"}
    ] = "",
) -> Checkpoint:
    """What was filled in."""
    return Checkpoint(file, out, method, task, modalities, labels)


class ImportDialog(QDialog):
    """The form with two buttons; ``checkpoint`` is what was filled in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import authors' checkpoint")
        self.form: Any = magicgui(checkpoint, call_button=False)
        self.form.file.changed.connect(self._propose)
        note = QLabel(NOTE)
        note.setWordWrap(True)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for view in (note, form_of(self.form), buttons):
            layout.addWidget(view)
        self.setMinimumWidth(480)

    @property
    def checkpoint(self) -> Checkpoint:
        """What was filled in."""
        filled: Checkpoint = self.form()
        return filled

    def _propose(self, file: Path) -> None:
        """A folder of the checkpoint's name beside it."""
        self.form.out.value = file.parent / f"{file.name.partition('.')[0]}_model"
