"""The panel *Robustness*: results of all subsets as a table, a heat map and Shapley values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.case.case_bar import CaseBar
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.map_bar import MapBar
from napari_shaspec.robustness.modality_filter import ModalityFilter
from napari_shaspec.robustness.model_ticks import ModelTicks
from napari_shaspec.robustness.plots import Contributions, HeatMap
from napari_shaspec.robustness.sources_box import SourcesBox
from napari_shaspec.robustness.subset_table import SubsetView
from napari_shaspec.robustness.truth_picker import TruthPicker
from napari_shaspec.widgets.controls import fix_height
from napari_shaspec.widgets.message_box import MessageBox, breakable
from napari_shaspec.widgets.panel import Panel, line, to_clipboard
from napari_shaspec.widgets.run_bar import RunBar
from napari_shaspec.widgets.settings_form import SettingsForm
from shaspec.analysis.shapley import gains
from shaspec.analysis.subset_table import DICE, Measure, measures_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

TABLE_FILTER = "Table (*.csv)"
FIGURE_FILTER = "Figure (*.png *.pdf *.svg)"
RESULTS_HEIGHT = 328  # fifteen rows and the header


class RobustnessPanel(Panel):
    """Models, case, run and results. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: RobustnessController | None = None
    ) -> None:
        control = controller or RobustnessController(napari_viewer)
        super().__init__(control)
        self.controller = control
        self.models = ModelTicks()
        self.case = CaseBar()
        self.sources = SourcesBox()
        self.truth = TruthPicker()
        self.run = RunBar("Run all subsets", "Segment the case from every subset of its modalities")
        self.settings = SettingsForm()
        self.message = MessageBox()
        self.measure = QComboBox()
        self.without = ModalityFilter()
        self.subsets = SubsetView()
        self.heat_map = HeatMap()
        self.contributions = Contributions()
        self.tabs = QTabWidget()
        self.advice = QLabel()
        self.maps = MapBar()
        self.save_table = QPushButton("Save table…")
        self.save_figure = QPushButton("Save figure…")
        self.copy = QPushButton("Copy as command")
        self.results = QWidget()
        self._build()
        self._connect()

    def _build(self) -> None:
        self.setObjectName("shaspec_robustness")
        self.measure.setObjectName("shaspec_measure")
        self.measure.setToolTip("Measure shown in the table, the heat map and the bars")
        for measure in measures_of(3):
            self.measure.addItem(measure.title, measure)
        self.tabs.addTab(self.subsets, "Table")
        self.tabs.addTab(self.heat_map, "Heat map")
        self.tabs.addTab(self.contributions, "What each adds")
        fix_height(self.tabs, RESULTS_HEIGHT + 30)
        self.tabs.setTabToolTip(
            2,
            "Shapley values: what a modality adds, averaged over all orders. "
            "No modality counts as an empty result",
        )
        self.advice.setObjectName("shaspec_advice")
        self.advice.setWordWrap(True)
        self.save_table.setObjectName("shaspec_save_table")
        self.save_table.setToolTip("Save all rows and the Shapley values as CSV")
        self.save_figure.setObjectName("shaspec_save_figure")
        self.save_figure.setToolTip(
            "Save the heat map as a figure, or the Shapley values if their tab is open"
        )
        self.copy.setObjectName("shaspec_copy")
        self.copy.setToolTip("Copy the command line that reproduces the selected row")
        top, bottom = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.measure)
        top.addStretch(1)
        top.addWidget(self.without)
        bottom.addWidget(self.save_table)
        bottom.addWidget(self.save_figure)
        bottom.addWidget(self.copy)
        layout = QVBoxLayout(self.results)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.tabs)
        layout.addWidget(self.advice)
        layout.addWidget(self.maps)
        layout.addLayout(bottom)
        self.fill(
            self.models, self.case, self.sources, self.truth, self.settings, self.run,
            self.message, line(), self.results,
        )  # fmt: skip

    def _connect(self) -> None:
        control = self.controller
        self.models.chosen.connect(self._on_models)
        self.models.opened.connect(control.add_model)
        self.case.opened.connect(control.open)
        self.case.chosen.connect(control.switch_case)
        self.case.closed.connect(control.close_case)
        self.case.reopened.connect(control.open_recent)
        self.case.assigning.connect(control.assign_files)
        self.sources.table.assigned.connect(control.assign)
        self.sources.table.ticked.connect(control.tick)
        self.truth.chosen.connect(control.compare_with)
        self.run.started.connect(control.sweep)
        self.run.cancelled.connect(control.cancel)
        for view in (self.subsets, self.heat_map):
            view.chosen.connect(lambda shown: control.show_row(*shown))
        self.measure.currentIndexChanged.connect(lambda _: self._show_tables())
        self.without.changed.connect(self.subsets.leave_out)
        self.maps.disagreement.connect(control.show_disagreement)
        self.maps.smallest.connect(control.show_smallest)
        self.maps.difference.connect(control.show_difference)
        self.save_table.clicked.connect(self._on_save_table)
        self.save_figure.clicked.connect(self._on_save_figure)
        self.copy.clicked.connect(lambda: to_clipboard(control.command()))
        self.follow(
            {
                "legend": self.maps.show_legend,
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {
                self._show_models: ("models", "cards", "chosen", "seen"),
                self._show_cases: ("cases", "case", "recent"),
                self._show_rows: ("sources", "present", "choices"),
                self._show_truths: ("truths", "truth"),
                self._show_status: ("status", "present", "chosen", "tables"),
                self._show_tables: ("tables",),
                self._show_shown: ("shown",),
            },
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_models(self, models: list[str]) -> None:
        if not self.controller.choose_models(models):
            self._show_models()  # restores the ticks

    def _on_save_table(self) -> None:
        path = self._ask("Save table", "sweep", ".csv", TABLE_FILTER)
        if path:
            self.controller.save_tables(path)

    def _on_save_figure(self) -> None:
        bars = self.tabs.currentWidget() is self.contributions
        path = self._ask("Save figure", "shapley" if bars else "heat_map", ".png", FIGURE_FILTER)
        if path:
            from shaspec.analysis.robustness_files import contributions_figure, heat_map_figure

            draw = contributions_figure if bars else heat_map_figure
            self.controller.save_figure(path, draw, self._measure())

    def _ask(self, title: str, suffix: str, ending: str, kinds: str) -> Path | None:
        name = f"{self.controller.state.case or 'case'}_{suffix}{ending}"
        path, _ = QFileDialog.getSaveFileName(self, title, str(Path.cwd() / name), kinds)
        if not path:
            return None
        return Path(path) if Path(path).suffix else Path(f"{path}{ending}")

    # -- showing the state -------------------------------------------------------------------------

    def _measure(self) -> Measure:
        measure = self.measure.currentData()
        assert isinstance(measure, Measure)
        return measure

    def _show_models(self) -> None:
        state = self.controller.state
        self.models.show_models(state.models, state.cards, state.chosen)
        self.models.show_seen(state.seen)

    def _show_cases(self) -> None:
        state = self.controller.state
        self.case.show_cases(state.cases, state.case, state.recent)

    def _show_rows(self) -> None:
        state = self.controller.state
        self.sources.show_rows(state.sources, state.present, state.choices)

    def _show_truths(self) -> None:
        state = self.controller.state
        self.truth.show_truths(state.truths, state.truth)

    def _show_status(self) -> None:
        state = self.controller.state
        count = len(state.subsets)
        times = f" with {len(state.chosen)} models" if len(state.chosen) > 1 else ""
        self.run.set_text(f"Run all {count} subsets{times}" if count > 1 else "Run all subsets")
        self.run.show_status(state.status)
        for inputs in (self.models, self.sources.table, self.truth, self.maps):
            inputs.setEnabled(not state.status.busy)
        self.results.setVisible(bool(state.tables))

    def _show_tables(self) -> None:
        state = self.controller.state
        for index, choice in enumerate(
            measures_of(state.tables[0].task.dims if state.tables else 3)
        ):
            self.measure.setItemText(index, choice.title)
            self.measure.setItemData(index, choice)
        measure = self._measure()
        self.without.show_modalities(state.tables[0].modalities if state.tables else ())
        self.subsets.show_tables(state.tables, measure)
        self.subsets.leave_out(self.without.modalities())
        self.maps.show_tables(state.tables)
        self._show_shown()

    def _show_shown(self) -> None:
        state, measure = self.controller.state, self._measure()
        self.subsets.show_row(state.shown)
        self.heat_map.show_tables(state.tables, measure, state.shown)
        self.contributions.show_tables(state.tables, measure, None)
        self.advice.setText(self._advice())
        self.advice.setVisible(bool(self.advice.text()))

    def _advice(self) -> str:
        """Gain of each single modality added to the shown row."""
        state = self.controller.state
        table = next(
            (t for t in state.tables if state.shown and t.model == state.shown.model), None
        )
        if table is None or state.shown is None:
            return ""
        by_modality = gains(table, state.shown.subset, DICE)
        parts = [f"{name} {gain:+.2f}" for name, gain in by_modality.items()]
        name = breakable(table.task.subset_name(state.shown.subset))
        return f"Change of mean Dice if added to {name}: {', '.join(parts)}" if parts else ""
