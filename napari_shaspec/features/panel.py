"""The panel *Features*: its widgets, connected to the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from napari_shaspec.case.inputs import CaseInputs
from napari_shaspec.features.cloud_view import CloudView
from napari_shaspec.features.cohort_view import CohortView
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.feature_picker import FeaturePicker
from napari_shaspec.features.measure_table import MeasureTable
from napari_shaspec.widgets.message_box import MessageBox
from napari_shaspec.widgets.panel import Panel, line, to_clipboard
from napari_shaspec.widgets.run_bar import RunBar
from napari_shaspec.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from napari.components import ViewerModel


class FeaturesPanel(Panel):
    """Model, modalities, maps, points and measures. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: FeaturesController | None = None
    ) -> None:
        control = controller or FeaturesController(napari_viewer)
        super().__init__(control)
        self.controller = control
        self.setObjectName("shaspec_features")
        self.inputs = CaseInputs(control)
        self.run = RunBar(
            "Compute features",
            "Encode every modality. The features of unticked modalities are imputed",
        )
        self.settings = SettingsForm()
        self.message = MessageBox()
        self.picker = FeaturePicker()
        self.cloud = CloudView()
        self.measures = MeasureTable()
        self.cohort = CohortView()
        self.copy = QPushButton("Copy as command")
        self.copy.setObjectName("shaspec_copy")
        self.copy.setToolTip("Copy the command line that computes the same features")
        self.fill(
            self.inputs,
            self.settings,
            self.run,
            self.message,
            self.picker,
            line(),
            self.cloud,
            line(),
            self.measures,
            self.copy,
            line(),
            self.cohort,
        )
        self._connect()

    def _connect(self) -> None:
        control = self.controller
        self.run.started.connect(control.compute)
        self.run.cancelled.connect(control.cancel)
        self.picker.chosen.connect(control.show_features)
        self.picker.arranged.connect(control.side_by_side)
        self.cloud.chosen.connect(control.plot)
        self.cloud.coloured.connect(control.colour_by)
        self.cloud.lassoed.connect(control.marks.mark)
        self.cloud.label_wanted.connect(control.marks.mark_label)
        self.measures.wanted.connect(control.measure)
        self.copy.clicked.connect(lambda: to_clipboard(control.command()))
        self.cohort.chosen.connect(control.compute_cohort)
        self.cohort.saved.connect(control.save_cohort)
        self.follow(
            {
                "side_by_side": self.picker.show_panes,
                "measures": self.measures.show_measures,
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {
                **self.inputs.views,
                self._show_status: ("status", "maps"),
                self._show_view: ("maps", "feature_view"),
                self._show_plot: ("maps", "plot", "colour_by"),
                self._show_cloud: ("cloud", "colour_by"),
                self._show_marked: ("marked",),
                self._show_cohort: ("cohort",),
            },
        )

    # -- showing the state -------------------------------------------------------------------------

    def _show_status(self) -> None:
        state = self.controller.state
        self.run.show_status(state.status)
        self.measures.set_ready(state.maps is not None and not state.status.busy)
        self.cohort.set_ready(bool(state.model) and not state.status.busy)

    def _show_view(self) -> None:
        maps, view = self.controller.state.maps, self.controller.state.feature_view
        of_kind = maps.of(view.kind) if maps else {}
        channels = len(next(iter(of_kind.values()))) if of_kind else 0
        self.picker.show_choices(maps.kinds if maps else (), channels, view)

    def _show_plot(self) -> None:
        state = self.controller.state
        self.cloud.show_choices(state.maps.kinds if state.maps else (), state.plot, state.colour_by)

    def _show_cloud(self) -> None:
        state = self.controller.state
        task = state.card.task if state.card else None
        regions = self.controller.marks.labels() if state.colour_by == "region" else None
        self.cloud.show_cloud(state.cloud, state.colour_by, task, regions)
        self._show_marked()

    def _show_marked(self) -> None:
        self.cloud.show_marked(self.controller.state.marked)

    def _show_cohort(self) -> None:
        self.cohort.show_points(self.controller.state.cohort, self.controller.state.task)
