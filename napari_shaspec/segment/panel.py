"""The panel *Segment*: its widgets, connected to the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QCheckBox, QShortcut

from napari_shaspec.case.inputs import CaseInputs
from napari_shaspec.case.state import verb
from napari_shaspec.layers.views import View
from napari_shaspec.segment import shortcuts
from napari_shaspec.segment.class_table import ClassTable
from napari_shaspec.segment.confidence_box import ConfidenceBox
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.edit_box import EditBox
from napari_shaspec.segment.export_bar import ExportBar
from napari_shaspec.segment.file_dialogs import FileDialogs
from napari_shaspec.segment.judgement_line import JudgementLine
from napari_shaspec.segment.look_box import LookBox
from napari_shaspec.segment.measure_box import MeasureBox
from napari_shaspec.segment.planes_view import PlanesView
from napari_shaspec.segment.prepare_bar import PrepareBar
from napari_shaspec.segment.prepare_questions import PrepareQuestions
from napari_shaspec.segment.recovery_bar import RecoveryBar
from napari_shaspec.segment.view_bar import ViewBar
from napari_shaspec.segment.volume_table import Legend, VolumeTable
from napari_shaspec.segment.weight_line import WeightLine
from napari_shaspec.widgets.message_box import MessageBox, Steady
from napari_shaspec.widgets.panel import Panel, line, to_clipboard
from napari_shaspec.widgets.run_bar import RunBar
from napari_shaspec.widgets.settings_form import SettingsForm
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel


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
        self.recovery = RecoveryBar()
        self.prepare = PrepareBar()
        self.volumes = VolumeTable()
        self.weights = WeightLine()
        self.judgement = JudgementLine()
        self.confidence = ConfidenceBox()
        self.edit = EditBox()
        self.measure = MeasureBox()
        self.look = LookBox()
        self.classes = ClassTable()
        self.legend = Legend()
        self.views = ViewBar()
        self.export = ExportBar()
        self.planes = PlanesView(napari_viewer)
        self.files = FileDialogs(self, control)
        self.questions = PrepareQuestions(self, control)
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
            self.prepare,
            self.recovery,
            self.volumes,
            self.weights,
            self.classes,
            self.legend,
            self.export,
            self.judgement,
            self.confidence,
            self.edit,
            self.measure,
            line(),
            self.views,
            self.look,
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
        self.edit.handed.connect(control.hand_over.hand)
        self.recovery.restored.connect(control.autosave.restore)
        self.recovery.discarded.connect(control.autosave.discard)
        self.inputs.case.offer_preparation(self.questions.prepare)
        self.prepare.preparing.connect(self.questions.prepare)
        self.prepare.pictured.connect(self.questions.show_pictures)
        self.prepare.edited.connect(self.questions.edit_mask)
        self.prepare.stripped.connect(control.mask_editing.strip_again)
        self.measure.measured.connect(control.measuring.measure)
        self.measure.chosen.connect(control.measuring.go_to)
        self.measure.saved.connect(self.files.save_measurements)
        self.look.opacity.connect(control.look.set_opacity)
        self.look.contour.connect(control.look.set_contour)
        self.look.pictured.connect(lambda: self.files.save_picture(self.planes.picture))
        self.look.planes.connect(control.set_planes)
        self.look.letters.connect(control.set_letters)
        self.look.preset.connect(control.windowing.set_preset)
        self.look.window.connect(control.windowing.set_window)
        self.closed.connect(self.planes.close)
        for box in (self.confidence, self.edit, self.measure, self.look):
            box.unfolded.connect(lambda box=box: self.scroll_to(box))
        self.export.saved.connect(self.files.save_result)
        self.export.reported.connect(self.files.write_report)
        self.export.copied.connect(lambda: to_clipboard(control.command()))
        self.export.undone.connect(control.undo)
        self.views.chosen.connect(control.set_view)
        self.follow(
            {
                "progress": self.run.show_progress,
                "message": self.message.show_message,
                "tool": self.edit.show_tool,
                "operating": self.edit.show_operating,
                "recoverable": self.recovery.show_offers,
                "doubtful": self.questions.ask_about,
                "opacity": self.look.show_opacity,
                "contour": self.look.show_contour,
                "planes": self._show_planes,
                "letters": self._show_letters,
                "measured": self.measure.show_measurements,
                "measuring": self.measure.show_busy,
                "probability": self.confidence.show_probability,
                "thresholds": self.confidence.show_thresholds,
                "intervals": self.confidence.show_intervals,
            },
            {
                **self.inputs.views,
                self._show_verb: ("card",),
                self._show_auto_update: ("auto_update", "card"),
                self._show_status: ("status", "results"),
                self._show_confidence: ("results", "card"),
                self._show_results: ("results", "shown", "edited"),
                self._show_prepare: ("unprepared", "pictures", "brain_mask", "status"),
                self._show_brush: ("brush_size", "brush_3d"),
                self._show_undo: ("can_undo", "can_undo_edit", "can_redo_edit"),
                self._show_view: ("view", "stacked", "card"),
                self._show_window: ("windowed", "window", "presets", "preset"),
            },
        )

    # -- showing the state -------------------------------------------------------------------------

    def _show_verb(self) -> None:
        card = self.controller.state.card
        if card is not None:
            tooltip = f"{verb(card.task)} the case from the ticked modalities ({shortcuts.SEGMENT})"
            self.run.set_text(verb(card.task), tooltip)

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
        now = state.edited.get(state.shown, state.shown_map)
        if now is not None:
            self.measure.offer(now.region_sizes())
        self.weights.show_result(state.shown_map)
        self.judgement.show_result(state.card, state.shown_map, results)
        self.legend.show_task(maps[0].task if maps else None)
        classes = [r for r in state.results if isinstance(r, Classification)]
        self.classes.show_results(classes, state.shown)

    def _show_confidence(self) -> None:
        from shaspec.models.summary import is_calibrated

        state = self.controller.state
        first = next((r for r in state.results if isinstance(r, Prediction)), None)
        exclusive = state.card is not None and bool(state.card.network.get("exclusive"))
        calibrated = state.card is not None and is_calibrated(state.card)
        task = first.task if first else None
        self.confidence.show_task(task, exclusive=exclusive, calibrated=calibrated)
        for box in (self.edit, self.measure):
            box.show_task(task)
        self.confidence.show_probability(state.probability)
        self.confidence.show_thresholds(state.thresholds)
        self.confidence.show_intervals(state.intervals)

    def _show_prepare(self) -> None:
        state = self.controller.state
        self.prepare.show_case(state.unprepared, state.pictures, state.brain_mask)
        self.prepare.set_busy(state.status.busy)

    def _show_brush(self) -> None:
        state = self.controller.state
        self.edit.show_brush(state.brush_size, state.brush_3d)

    def _show_undo(self) -> None:
        state = self.controller.state
        self.export.offer_undo(state.can_undo or state.can_undo_edit)
        self.edit.show_undo(state.can_undo_edit, state.can_redo_edit)

    def _show_planes(self, on: bool) -> None:
        self.look.show_planes(on)
        self.planes.show_planes(tuple(self.controller.planes.models.values()) if on else ())

    def _show_letters(self, on: bool) -> None:
        self.look.show_letters(on)
        self.planes.show_letters(on)

    def _show_window(self) -> None:
        state = self.controller.state
        self.look.show_window(state.windowed, state.window, state.presets, state.preset)

    def _show_view(self) -> None:
        state = self.controller.state
        self.edit.set_paintable(state.view is not View.THREE_D)
        task = state.card.task if state.card is not None else None
        self.views.setVisible(task is None or task.kind == "segmentation")
        self.views.show_dims(task.dims if task is not None else 3)
        own = state.view is View.STACK and not state.stacked
        self.views.show_view(None if own else state.view)
        self.look.offer_planes(task is None or task.dims == 3)
