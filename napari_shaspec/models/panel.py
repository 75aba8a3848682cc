"""The panel *Models*: the list of models, the card of the selected one, and the import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QVBoxLayout,
)

from napari_shaspec.models.controller import ModelsController
from napari_shaspec.models.import_dialog import ImportDialog
from napari_shaspec.models.table import CardView, ModelTable
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.message_box import MessageBox
from napari_shaspec.widgets.panel import LowPanel, opener
from napari_shaspec.widgets.run_bar import RunBar

if TYPE_CHECKING:
    from napari.components import ViewerModel

NOTE = "All models are on this computer; nothing is downloaded."
IMPORT_TIP = "Convert a checkpoint of the authors' code of ShaSpec, MAML or M3L to a model folder"


class ModelsPanel(LowPanel):
    """List on the left, card on the right. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: ModelsController | None = None
    ) -> None:
        control = controller or ModelsController(opener(napari_viewer))
        super().__init__(control, height=330)
        self.controller = control
        self.setObjectName("shaspec_model_list")
        self.table, self.card = ModelTable(), CardView()
        self.message = MessageBox()
        self.add = push_button(
            "add_model",
            "Add model folder…",
            "A folder with card.json, or a folder of model folders",
        )
        self.remove = push_button(
            "remove_model", "Remove from list", "Remove the model from the list; its files are kept"
        )
        self.use = push_button(
            "use_model", "Use in Segment", "Open the panel Segment and select this model"
        )
        self.run = RunBar("Import authors' checkpoint…", IMPORT_TIP)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left, buttons, below, note = QVBoxLayout(), QHBoxLayout(), QHBoxLayout(), QLabel(NOTE)
        for button in (self.use, self.add, self.remove):
            buttons.addWidget(button)
        note.setWordWrap(True)
        below.addWidget(note, 1)
        below.addWidget(self.run)
        left.addWidget(self.table, 1)
        left.addLayout(buttons)
        left.addWidget(self.message)
        left.addLayout(below)
        row = QHBoxLayout(self)  # the panel does not scroll: list and card do
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(12)
        row.addLayout(left, 3)
        row.addWidget(self.card, 2)

    def _connect(self) -> None:
        control = self.controller
        self.table.chosen.connect(control.choose)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.use.clicked.connect(lambda: control.use(control.state.chosen))
        self.run.started.connect(self._on_import)
        self.run.cancelled.connect(control.cancel)
        self.follow(
            {
                "status": self.run.show_status,
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {self._show_models: ("models", "chosen")},
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Add a model folder")
        if folder:
            self.controller.open([folder])

    def _on_remove(self) -> None:
        shown = self.controller.state.shown
        if shown is not None:
            text = f"Remove {shown.name} from the list? Its files are kept in {shown.model}."
            yes = QMessageBox.StandardButton.Yes
            if QMessageBox.question(self, "Remove from list", text) == yes:
                self.controller.remove(shown.model)

    def _on_import(self) -> None:
        dialog = ImportDialog(self)
        if dialog.exec():
            self.controller.import_checkpoint(dialog.checkpoint)

    # -- showing the state -------------------------------------------------------------------------

    def _show_models(self) -> None:
        state = self.controller.state
        self.table.show_models(state.models, state.chosen)
        self.card.show_model(state.shown)
        self.remove.setEnabled(state.shown is not None and state.shown.source != "bundled")
        self.use.setEnabled(state.shown is not None and state.shown.card is not None)
