"""The row *Confidence*: the layer with the probability of a region, and a threshold per region."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QWidget,
)

from napari_shaspec.widgets.controls import narrow
from napari_shaspec.widgets.fold_box import FoldBox
from shaspec.analysis.size_interval import HIGH, LOW, Intervals, interval_text
from shaspec.task import Task
from shaspec.thresholds import LIMITS, THRESHOLD

SHOW = (
    "Adds a layer with the probability of the region in the shown result, from 0 (transparent) to "
    "1 (bright)"
)
CALIBRATED = "Calibrated on held-out cases: of the voxels with 0.8, about 80 % are in the region"
NOT_CALIBRATED = "Not calibrated: 0.8 does not mean that 80 % of such voxels are in the region"
MOVE = (
    "{} begins above this probability in the shown result. Lower: more voxels. The labels and "
    "their sizes follow at once; the network does not run"
)
INTERVAL = (
    f"Size of {{}} at the thresholds {HIGH} and {LOW}: how sharp the edge is that the network draws"
)
NO_THRESHOLD = (
    "The labels of this network exclude each other: the most probable one wins, so a region has no "
    "threshold"
)


class ConfidenceBox(FoldBox):
    """A row that unfolds: a tick, a list of regions, and one slider per region."""

    probability = Signal(str)
    """The region whose probability is to be shown; empty: none."""
    threshold = Signal(str, float)
    """A region and its new threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "confidence",
            "Confidence",
            "Probability of each region, and the threshold where it begins",
            parent,
        )
        self._sliders: dict[str, tuple[QSlider, QLabel]] = {}
        self._sizes: dict[str, QLabel] = {}
        self._task: Task | None = None
        self._show = QCheckBox("Show probability of")
        self._show.setObjectName("shaspec_show_probability")
        self._show.setToolTip(SHOW)
        self._show.toggled.connect(self._on_chosen)
        self._regions = QComboBox()
        self._regions.setObjectName("shaspec_probability_region")
        self._regions.setToolTip(SHOW)
        narrow(self._regions)
        self._regions.currentIndexChanged.connect(self._on_chosen)
        self._reset = QPushButton("Reset thresholds")
        self._reset.setObjectName("shaspec_reset_thresholds")
        self._reset.setToolTip(f"Every region begins above {THRESHOLD} again, as the network says")
        self._reset.clicked.connect(self._on_reset)
        self._grid = QGridLayout()
        self._build()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._show)
        row.addWidget(self._regions, 1)
        self.column.addLayout(row)
        self._grid.setColumnStretch(1, 1)
        self.column.addLayout(self._grid)
        self.column.addWidget(self._reset)

    def show_task(self, task: Task | None, *, exclusive: bool, calibrated: bool = False) -> None:
        """The regions of a task; None hides the row. ``exclusive``: they have no thresholds.
        ``calibrated``: what the tooltip says about the probabilities."""
        for widget in (self._show, self._regions):
            widget.setToolTip(f"{SHOW}.\n{CALIBRATED if calibrated else NOT_CALIBRATED}")
        self.setVisible(task is not None)
        if task is not None and task != self._task:
            self._task = task
            self._make_rows(task)
        for region, (slider, _) in self._sliders.items():
            slider.setEnabled(not exclusive)
            slider.setToolTip(NO_THRESHOLD if exclusive else MOVE.format(region))

    def show_probability(self, region: str) -> None:
        """Ticks the box where a layer is shown, and chooses its region."""
        with QSignalBlocker(self._show), QSignalBlocker(self._regions):
            self._show.setChecked(bool(region))
            if region:
                self._regions.setCurrentText(region)

    def show_thresholds(self, thresholds: dict[str, float]) -> None:
        """Moves the sliders; a region that is missing has a threshold of one half."""
        for region, (slider, number) in self._sliders.items():
            value = thresholds.get(region, THRESHOLD)
            with QSignalBlocker(slider):
                if not slider.isSliderDown():
                    slider.setValue(round(100 * value))
            number.setText(f"{slider.value() / 100:.2f}")
        self._reset.setEnabled(bool(thresholds))

    def show_intervals(self, intervals: Intervals) -> None:
        """The interval of the size of each region; empty where probabilities are not computed."""
        unit = "mL" if self._task is None or self._task.dims == 3 else "px"
        for region, label in self._sizes.items():
            label.setVisible(region in intervals)
            if region in intervals:
                label.setText(interval_text(intervals[region], unit))

    def _make_rows(self, task: Task) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._sliders, self._sizes = {}, {}
        titles = {region.name: region.title for region in task.regions}
        for row, region in enumerate(task.reported_regions):
            slider, number, name = (
                QSlider(Qt.Orientation.Horizontal),
                QLabel("0.50"),
                QLabel(region),
            )
            slider.setObjectName(f"shaspec_threshold_{region}")
            slider.setRange(*(round(100 * limit) for limit in LIMITS))
            slider.setPageStep(5)
            slider.setValue(round(100 * THRESHOLD))
            slider.valueChanged.connect(
                lambda value, region=region: self.threshold.emit(region, value / 100)
            )
            name.setToolTip(titles[region])
            size = self._sizes[region] = QLabel()
            size.setObjectName(f"shaspec_interval_{region}")
            size.setToolTip(INTERVAL.format(region))
            size.hide()
            for column, widget in enumerate((name, slider, number, size)):
                self._grid.addWidget(widget, row, column)
            self._sliders[region] = (slider, number)
        with QSignalBlocker(self._regions):
            self._regions.clear()
            self._regions.addItems(list(task.reported_regions))

    def _on_chosen(self, *_: object) -> None:
        on = self._show.isChecked()
        if on or self.sender() is self._show:
            self.probability.emit(self._regions.currentText() if on else "")

    def _on_reset(self) -> None:
        for region in self._sliders:
            self.threshold.emit(region, THRESHOLD)
