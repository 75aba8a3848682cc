"""The settings of a run as a form."""

from __future__ import annotations

from typing import Any, get_args

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from napari_shaspec.train.state import TrainForm
from napari_shaspec.widgets.path_field import PathField
from shaspec.task import bundled_tasks
from shaspec.training.config import MethodName

LISTS = "Lists of cases (*.csv *.txt *.json)"
PRESETS = ("light", "paper")
DEVICES = ("auto", "cpu", "cuda")


class TrainFormView(QWidget):
    """Shows a `TrainForm`; emits the fields that the user changes."""

    changed = Signal(dict)
    data_chosen = Signal(str)
    out_chosen = Signal(str)
    new_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = PathField(
            "data",
            "Folder of labelled cases, or a list of them",
            files=LISTS,
            empty="none: phantoms only",
        )
        self._phantoms = spin("phantoms", "Number of phantoms to train on", 0, 999)
        self._task = combo("task", "Task; automatic: the task that fits the cases", ())
        self._method = combo("method", "How modalities are fused", get_args(MethodName))
        self._preset = combo(
            "preset", "Network size. light: for CPU or small GPU; paper: as published", PRESETS
        )
        self._splits = PathField(
            "splits",
            "File that lists the held-out cases",
            folder=False,
            files=LISTS,
            empty="none held out",
        )
        self._fold = spin("fold", "The fold to hold out from training", 0, 99)
        self._minutes = QDoubleSpinBox()
        self._minutes.setObjectName("shaspec_minutes")
        self._minutes.setToolTip("Stop after this many minutes")
        self._minutes.setRange(0, 100_000)
        self._minutes.setDecimals(1)
        self._minutes.setSuffix(" min")
        self._minutes.setSpecialValueText("no limit")
        self._steps = spin("steps", "Stop after this many steps", 0, 10**8)
        self._steps.setSuffix(" steps")
        self._steps.setSpecialValueText("no limit")
        self._validate = QDoubleSpinBox()
        self._validate.setObjectName("shaspec_validate")
        self._validate.setToolTip(
            "How often to validate on held-out cases (on phantoms if none are held out): Dice per "
            "subset, and a picture. Validation time does not count"
        )
        self._validate.setRange(0, 100_000)
        self._validate.setDecimals(1)
        self._validate.setPrefix("every ")
        self._validate.setSuffix(" min")
        self._validate.setSpecialValueText("never")
        self._device = combo("device", "Device for training; auto: a GPU if there is one", DEVICES)
        self._out = PathField("out", "Run folder for log, checkpoint and model")
        self._new = QToolButton()
        self._new.setObjectName("shaspec_new_run")
        self._new.setText("New")
        self._new.setToolTip("Choose a new folder, for another run")
        self._more = QLineEdit()
        self._more.setObjectName("shaspec_more")
        self._more.setPlaceholderText("e.g. crop = [64, 64, 64]; batch = 2")
        self._more.setToolTip(
            "Other keys of the configuration, separated by semicolons; run.toml in a run folder "
            "lists and explains all keys"
        )
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(4)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        rows.addRow("Cases", self._data)
        rows.addRow("Phantoms", beside(self._phantoms, QLabel("Task"), self._task))
        rows.addRow("Method", beside(self._method, self._preset))
        rows.addRow("Held out", self._splits)
        rows.addRow("Fold", beside(self._fold, QLabel("Device"), self._device))
        rows.addRow("Ends after", beside(self._minutes, self._steps))
        rows.addRow("Validate", beside(self._validate))
        rows.addRow("Folder", beside(self._out, self._new))
        rows.addRow("Other", self._more)

    def _connect(self) -> None:
        self._data.chosen.connect(self.data_chosen)
        self._out.chosen.connect(self.out_chosen)
        self._new.clicked.connect(self.new_asked)
        self._splits.chosen.connect(lambda path: self.changed.emit({"splits": path}))
        self._task.activated.connect(lambda _: self._emit("task", self._task.currentData()))
        for name in ("method", "preset", "device"):
            box: QComboBox = getattr(self, f"_{name}")
            box.currentTextChanged.connect(lambda text, name=name: self._emit(name, text))
        for name in ("phantoms", "fold", "minutes", "steps", "validate"):
            number = getattr(self, f"_{name}")
            number.setKeyboardTracking(False)
            number.valueChanged.connect(lambda value, name=name: self._emit(name, value))
        self._more.editingFinished.connect(lambda: self._emit("more", self._more.text()))

    def show_form(self, form: TrainForm) -> None:
        """Shows the values of ``form`` without emitting signals."""
        self._data.show_path(form.data)
        self._splits.show_path(form.splits)
        self._out.show_path(form.out)
        for name in ("method", "preset", "device"):
            box: QComboBox = getattr(self, f"_{name}")
            with QSignalBlocker(box):
                if box.findText(form_value := getattr(form, name)) < 0:
                    box.addItem(form_value)
                box.setCurrentText(form_value)
        for name in ("phantoms", "fold", "minutes", "steps", "validate"):
            number = getattr(self, f"_{name}")
            with QSignalBlocker(number):
                number.setValue(getattr(form, name))
        with QSignalBlocker(self._more):
            self._more.setText(form.more)
        self._show_tasks(form)
        self._fold.setEnabled(bool(form.splits))

    def _show_tasks(self, form: TrainForm) -> None:
        with QSignalBlocker(self._task):
            self._task.clear()
            self._task.addItem("automatic" if form.data else "brats", "")
            for name in dict.fromkeys((*bundled_tasks(), form.task)):
                if name and (form.data or name != "brats"):
                    self._task.addItem(name, name)
            self._task.setCurrentIndex(max(0, self._task.findData(form.task)))

    def _emit(self, name: str, value: Any) -> None:
        self.changed.emit({name: value})


def combo(name: str, tooltip: str, choices: tuple[str, ...]) -> QComboBox:
    """A combo box that does not grow with its longest entry."""
    box = QComboBox()
    box.setObjectName(f"shaspec_{name}")
    box.setToolTip(tooltip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    box.addItems(choices)
    return box


def spin(name: str, tooltip: str, least: int, most: int) -> QSpinBox:
    """A spin box for whole numbers."""
    box = QSpinBox()
    box.setObjectName(f"shaspec_{name}")
    box.setToolTip(tooltip)
    box.setRange(least, most)
    return box


def beside(*widgets: QWidget) -> QWidget:
    """The widgets in a row; labels and tool buttons keep their width, the others share the rest."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QLabel | QToolButton) else 1)
    return row
