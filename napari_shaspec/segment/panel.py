"""The panel *Segment*: its widgets, connected to the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QCheckBox, QFileDialog, QShortcut

from napari_shaspec.case.inputs import CaseInputs
from napari_shaspec.case.state import verb
from napari_shaspec.layers.views import View
from napari_shaspec.segment import shortcuts
from napari_shaspec.segment.class_table import ClassTable
from napari_shaspec.segment.confidence_box import ConfidenceBox
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.edit_box import EditBox
from napari_shaspec.segment.export_bar import ExportBar
from napari_shaspec.segment.judgement_line import JudgementLine
from napari_shaspec.segment.view_bar import ViewBar
from napari_shaspec.segment.volume_table import Legend, VolumeTable
from napari_shaspec.segment.weight_line import WeightLine
from napari_shaspec.widgets.message_box import MessageBox, Steady
from napari_shaspec.widgets.panel import Panel, line, to_clipboard
from napari_shaspec.widgets.run_bar import RunBar
from napari_shaspec.widgets.settings_form import SettingsForm
from shaspec.io import label_ending
from shaspec.io.naming import RESULT
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel

SLICER = "3D Slicer, with names and colours (*.seg.nrrd)"
SIZES = "Table of all sizes (*.csv)"
SAVE_FILTER = {
    ".csv": "Table (*.csv)",
    ".nii.gz": f"NIfTI (*.nii.gz *.nii);;{SLICER};;{SIZES}",
    ".png": f"PNG (*.png);;{SIZES}",
}
REPORT_FILTER = "HTML (*.html);;PDF (*.pdf)"
REPORTS = (".html", ".htm", ".pdf")
KNOWN = (".nii", ".nii.gz", ".seg.nrrd", ".png")


class SegmentPanel(Panel):
    """Model, modalities, run and volumes. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: SegmentController | None = None
    ) -> None:
        control = controller or SegmentController(napari_viewer)
        super().__init__(control)
        self.controller = control
        self.inputs = CaseInputs(control, shortcuts.MODALITIES)
        self.auto_update = QCheckBox("Update when toggled")
        self.run = RunBar()
        self.settings = SettingsForm()
        self.message = MessageBox()
        self.volumes = VolumeTable()
        self.weights = WeightLine()
        self.judgement = JudgementLine()
        self.confidence = ConfidenceBox()
        self.edit = EditBox()
        self.classes = ClassTable()
        self.legend = Legend()
        self.views = ViewBar()
        self.export = ExportBar()
        self._build()
        self._connect()

    def _build(self) -> None:
        self.setObjectName("shaspec_segment")
        self.auto_update.setObjectName("shaspec_update")
        self.auto_update.setToolTip(
            "Ticking or unticking a modality runs again at once, as long as the features of "
            "the modalities are kept"
        )
        self.fill(
            self.inputs,
            self.auto_update,
            self.settings,
            self.run,
            Steady(self.message),
            self.volumes,
            self.weights,
            self.classes,
            self.legend,
            self.export,
            self.judgement,
            self.confidence,
            self.edit,
            line(),
            self.views,
        )

    def _connect(self) -> None:
        control = self.controller
        for key, action in control.actions.items():  # napari handles them only on its canvas
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)
        self.auto_update.toggled.connect(control.update_when_toggled)
        self.run.started.connect(control.segment)
        self.run.cancelled.connect(control.cancel)
        self.volumes.chosen.connect(control.show_result)
        self.classes.chosen.connect(control.show_result)
        self.confidence.probability.connect(control.show_probability)
        self.confidence.threshold.connect(control.set_threshold)
        self.edit.tool.connect(control.editing.choose_tool)
        self.edit.brush.connect(lambda size, in_3d: control.editing.set_brush(size, in_3d))
        self.edit.operated.connect(control.editing.operate)
        self.edit.undone.connect(control.editing.undo)
        self.edit.redone.connect(control.editing.redo)
        for box in (self.confidence, self.edit):
            box.unfolded.connect(lambda box=box: self.scroll_to(box))
        self.export.saved.connect(self._on_save)
        self.export.reported.connect(self._on_report)
        self.export.copied.connect(lambda: to_clipboard(control.command()))
        self.export.undone.connect(control.undo)
        self.views.chosen.connect(control.set_view)
        self.follow(
            {
                "progress": self.run.show_progress,
                "message": self.message.show_message,
                "tool": self.edit.show_tool,
                "operating": self.edit.show_operating,
                "probability": self.confidence.show_probability,
                "thresholds": self.confidence.show_thresholds,
            },
            {
                **self.inputs.views,
                self._show_verb: ("card",),
                self._show_auto_update: ("auto_update", "card"),
                self._show_status: ("status", "results"),
                self._show_results: ("results", "shown", "edited"),
                self._show_confidence: ("results", "card"),
                self._show_brush: ("brush_size", "brush_3d"),
                self._show_undo: ("can_undo", "can_undo_edit", "can_redo_edit"),
                self._show_view: ("view", "card"),
            },
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_save(self) -> None:
        state = self.controller.state
        # The suffix keeps the file from being read as ground truth if it is next to its input.
        name = "_".join(part for part in (state.case, state.shown, RESULT) if part)
        folder = next((p.parent for p in self._paths()), Path.cwd())
        first = next(iter(state.results), None)
        if isinstance(first, Classification):
            ending, name = ".csv", f"{state.case}_{state.shown}"
        else:
            ending = label_ending(first.grid) if first else ".nii.gz"
        path, kind = QFileDialog.getSaveFileName(
            self, "Save result", str(folder / f"{name}{ending}"), SAVE_FILTER[ending]
        )
        if path:
            self.controller.save(with_ending(path, kind, ending))

    def _on_report(self) -> None:
        folder = next((p.parent for p in self._paths()), Path.cwd())
        name = f"{self.controller.state.case}_report.html"
        path, kind = QFileDialog.getSaveFileName(
            self, "Write report", str(folder / name), REPORT_FILTER
        )
        if path:
            ending = ".pdf" if kind.startswith("PDF") else ".html"
            given = Path(path).suffix.lower()
            self.controller.report(path if given in REPORTS else path + ending)

    def _paths(self) -> list[Path]:
        from napari_shaspec.layers.metadata import origin

        layers = [la for la in self.controller.state.sources.values() if la is not None]
        return [path for la in layers if (path := origin(la).get("path"))]

    # -- showing the state -------------------------------------------------------------------------

    def _show_verb(self) -> None:
        card = self.controller.state.card
        if card is not None:
            what = f"{verb(card.task)} the case from the ticked modalities ({shortcuts.SEGMENT})"
            self.run.set_text(verb(card.task), what)

    def _show_auto_update(self) -> None:
        card = self.controller.state.card
        with QSignalBlocker(self.auto_update):
            self.auto_update.setChecked(self.controller.state.auto_update)
        self.auto_update.setEnabled(card is not None and card.instant_toggles)

    def _show_status(self) -> None:
        state = self.controller.state
        self.run.show_status(state.status)
        self.export.setVisible(bool(state.results))
        self.export.set_busy(state.status.busy)
        self.export.offer_report(any(isinstance(r, Prediction) for r in state.results))

    def _show_results(self) -> None:
        state = self.controller.state
        results = [r for r in state.results if isinstance(r, Prediction)]
        maps = [state.edited.get(r.task.subset_name(r.subset), r) for r in results]
        self.volumes.show_results(maps, state.shown)
        self.weights.show_result(state.shown_map)
        self.judgement.show_result(state.card, state.shown_map, results)
        self.legend.show_task(maps[0].task if maps else None)
        classes = [r for r in state.results if isinstance(r, Classification)]
        self.classes.show_results(classes, state.shown)

    def _show_confidence(self) -> None:
        state = self.controller.state
        first = next((r for r in state.results if isinstance(r, Prediction)), None)
        exclusive = state.card is not None and bool(state.card.network.get("exclusive"))
        self.confidence.show_task(first.task if first else None, exclusive=exclusive)
        self.edit.show_task(first.task if first else None)
        self.confidence.show_probability(state.probability)
        self.confidence.show_thresholds(state.thresholds)

    def _show_brush(self) -> None:
        state = self.controller.state
        self.edit.show_brush(state.brush_size, state.brush_3d)

    def _show_undo(self) -> None:
        state = self.controller.state
        self.export.offer_undo(state.can_undo or state.can_undo_edit)
        self.edit.show_undo(state.can_undo_edit, state.can_redo_edit)

    def _show_view(self) -> None:
        state = self.controller.state
        self.edit.set_paintable(state.view is not View.THREE_D)
        task = state.card.task if state.card is not None else None
        self.views.setVisible(task is None or task.kind == "segmentation")
        self.views.show_dims(task.dims if task is not None else 3)
        self.views.show_view(state.view)


def with_ending(path: str, kind: str, ending: str) -> str:
    """The path with the file extension that the user chose; dialogs only know the last one.

    ``kind`` is the selected filter, ``ending`` the extension for a name without one.
    """
    if kind == SLICER and not path.endswith(".seg.nrrd"):
        return f"{path.removesuffix('.gz').removesuffix('.nii').removesuffix('.nrrd')}.seg.nrrd"
    if kind == SIZES and not path.endswith(".csv"):
        return f"{path.removesuffix('.gz').removesuffix('.nii').removesuffix('.png')}.csv"
    return path if path.endswith((*KNOWN, ".csv", ending)) else f"{path}{ending}"
