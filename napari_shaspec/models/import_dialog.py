"""Dialog for importing a checkpoint of the authors' code.

magicgui makes the form from the signature of `checkpoint`, so its annotations must not be strings.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from magicgui import magicgui
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from napari_shaspec.models.worker import CheckpointImport
from napari_shaspec.widgets.controls import form_of
from shaspec.task import bundled_tasks

NOTE = (
    "Reads the weights only; no code in the file is executed. The licence of the checkpoint's "
    "authors applies."
)


def checkpoint(
    file: Annotated[
        Path, {"label": "Checkpoint", "tooltip": "Checkpoint file written by the authors' code"}
    ],
    out: Annotated[Path, {"label": "New folder", "mode": "d", "tooltip": "Model folder to create"}],
    method: Annotated[
        Literal["shaspec", "maml", "m3l"],
        {"label": "Method", "tooltip": "The authors' code that wrote it"},
    ] = "shaspec",
    task: Annotated[
        str,
        {"label": "Task", "choices": bundled_tasks(), "tooltip": "Task the model was trained for"},
    ] = "brats",
    modalities: Annotated[
        str,
        {
            "label": "Inputs",
            "tooltip": "Order of the modalities, e.g. T1+T1ce+T2+FLAIR; empty: as in the task",
        },
    ] = "",
    labels: Annotated[
        str,
        {
            "label": "Outputs",
            "tooltip": "Labels of the output channels, e.g. 2,1,4; empty: as in the task",
        },
    ] = "",
) -> CheckpointImport:
    """Makes a `CheckpointImport` from the values of the form."""
    return CheckpointImport(file, out, method, task, modalities, labels)


class ImportDialog(QDialog):
    """The form with OK and Cancel; ``checkpoint`` holds its values."""

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
    def checkpoint(self) -> CheckpointImport:
        """The values of the form."""
        filled: CheckpointImport = self.form()
        return filled

    def _propose(self, file: Path) -> None:
        """Proposes a model folder next to the checkpoint, named after it."""
        self.form.out.value = file.parent / f"{file.name.partition('.')[0]}_model"
