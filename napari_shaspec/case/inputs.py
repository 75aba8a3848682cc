"""Model, case and modality rows: the inputs of a panel that runs one model at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_shaspec.case.case_bar import CaseBar
from napari_shaspec.case.modality_table import ModalityTable
from napari_shaspec.case.model_controller import ModelController
from napari_shaspec.case.model_picker import ModelPicker
from napari_shaspec.widgets.panel import line


class CaseInputs(QWidget):
    """Connects the inputs to ``controller``.

    Args:
        controller: is called when the user changes an input; its state is shown.
        keys: names of the shortcut keys of the modality rows, for their tooltips.
    """

    def __init__(
        self,
        controller: ModelController[Any],
        keys: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self.models, self.case, self.table = ModelPicker(), CaseBar(), ModalityTable(keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for view in (self.models, line(), self.case, self.table):
            layout.addWidget(view)
        self.models.chosen.connect(self._on_model)
        self.case.opened.connect(controller.open)
        self.case.chosen.connect(controller.switch_case)
        self.case.closed.connect(controller.close_case)
        self.case.reopened.connect(controller.open_recent)
        self.case.assigning.connect(controller.assign_files)
        self.table.assigned.connect(controller.assign)
        self.table.ticked.connect(controller.tick)

    @property
    def views(self) -> Mapping[Callable[[], None], Sequence[str]]:
        """For `Panel.follow`: each view with the names of the fields that it shows."""
        return {
            self._show_models: ("models", "model"),
            self._show_card: ("card", "seen"),
            self._show_case: ("case", "cases", "recent"),
            self._show_rows: ("sources", "present", "choices"),
            self._show_busy: ("status",),
        }

    def _on_model(self, model: str) -> None:
        if not self._controller.choose_model(model):
            self._show_models()  # the combo box goes back to the model in use

    def _show_models(self) -> None:
        state = self._controller.state
        self.models.show_models(state.models, state.model)

    def _show_card(self) -> None:
        state = self._controller.state
        self.models.show_card(state.card)
        self.models.show_seen(state.seen)

    def _show_case(self) -> None:
        state = self._controller.state
        self.case.show_cases(state.cases, state.case, state.recent)

    def _show_rows(self) -> None:
        state = self._controller.state
        self.table.show_rows(state.sources, state.present, state.choices)

    def _show_busy(self) -> None:
        """Disables the model and the layers while a job runs; ticks may change."""
        busy = self._controller.state.status.busy
        self.models.setEnabled(not busy)
        self.case.set_busy(busy)
        self.table.set_layers_enabled(not busy)
