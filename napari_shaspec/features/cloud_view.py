"""Scatter plot of the features of a case, with controls for features, projection and colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.features.scatter import Scatter
from napari_shaspec.features.state import CloudSettings, ColourBy, Marked
from napari_shaspec.widgets.controls import narrow
from shaspec.analysis.features.cloud import Cloud, has_umap
from shaspec.analysis.features.palette import COLOURS, NOTHING
from shaspec.task import Task

METHODS = {
    "pca": "PCA, all voxels",
    "tsne": "t-SNE, 5000 points",
    "umap": "UMAP, 5000 points",
}
COLOUR_BY: dict[ColourBy, str] = {
    "modality": "modality",
    "kind": "shared or specific",
    "region": "region",
}
ClassColours = Sequence[tuple[str, str]]


class CloudView(QWidget):
    """A scatter plot with its controls."""

    chosen = Signal(object)
    """A `CloudSettings`."""
    coloured = Signal(str)
    """The `ColourBy` that the user chose."""
    lassoed = Signal(object)
    """Boolean mask (n,) of the points inside the outline."""
    label_wanted = Signal()
    """The user wants to mark the points of the selected label."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds, self._method, self._colour = QComboBox(), QComboBox(), QComboBox()
        self._lasso, self._label = QPushButton("Lasso"), QPushButton("Mark label")
        self._legend, self.scatter = QLabel(), Scatter()
        self._kinds.setToolTip("The features to plot")
        for widget, name in (
            (self._kinds, "points"),
            (self._method, "method"),
            (self._colour, "colour_by"),
            (self._lasso, "lasso"),
            (self._label, "mark_label"),
            (self._legend, "points_legend"),
        ):
            widget.setObjectName(f"shaspec_{name}")
        for box in (self._kinds, self._method, self._colour):
            narrow(box)
        for method, text in METHODS.items():
            if method != "umap" or has_umap():
                self._method.addItem(text, method)
        for key, text in COLOUR_BY.items():
            self._colour.addItem(text, key)
        self._method.setToolTip(
            "Projection to two dimensions. t-SNE takes about a minute and keeps neighbours "
            "together; distances between groups have no meaning. UMAP needs umap-learn"
        )
        self._colour.setToolTip("Colour the points by modality, kind of feature or region")
        self._lasso.setCheckable(True)
        self._lasso.setToolTip(
            "Draw an outline to mark its voxels in the viewer (or Shift-drag). "
            "Click to clear the marks."
        )
        self._label.setToolTip(
            "Mark the points of all voxels with the selected label of the active segmentation layer"
        )
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self._build()
        self._kinds.activated.connect(self._on_chosen)
        self._method.activated.connect(self._on_chosen)
        self._colour.activated.connect(
            lambda index: self.coloured.emit(self._colour.itemData(index))
        )
        self._lasso.toggled.connect(self._on_lasso)
        self._label.clicked.connect(self.label_wanted)
        self.scatter.lassoed.connect(self.lassoed)

    def _build(self) -> None:
        rows = QGridLayout()
        for row, (text, widget) in enumerate(
            (("Points", self._kinds), ("placed by", self._method), ("coloured by", self._colour))
        ):
            rows.addWidget(QLabel(text), row, 0)
            rows.addWidget(widget, row, 1)
        rows.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._lasso, 1)
        buttons.addWidget(self._label, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self.scatter)
        layout.addWidget(self._legend)
        layout.addLayout(buttons)

    def show_choices(self, kinds: Sequence[str], plot: CloudSettings, colour_by: ColourBy) -> None:
        """Lists the kinds of features of the model, and shared with specific if it has both."""
        pairs = [("shared", "specific")] if {"shared", "specific"} <= set(kinds) else []
        choices: list[tuple[str, ...]] = [*pairs, *((kind,) for kind in kinds)]
        with (
            QSignalBlocker(self._kinds),
            QSignalBlocker(self._method),
            QSignalBlocker(self._colour),
        ):
            self._kinds.clear()
            for choice in choices:
                self._kinds.addItem(" and ".join(choice), choice)
            self._kinds.setCurrentIndex(choices.index(plot.kinds) if plot.kinds in choices else 0)
            self._method.setCurrentIndex(self._method.findData(plot.method))
            self._colour.setCurrentIndex(list(COLOUR_BY).index(colour_by))
        self.setEnabled(bool(choices))

    def show_cloud(
        self, cloud: Cloud | None, colour_by: ColourBy, task: Task | None, regions: object
    ) -> None:
        """Draws the points.

        Args:
            cloud: the points; None: nothing to draw.
            colour_by: the meaning of the colours.
            task: the task of the model.
            regions: label of the voxel of each point, (n,); None: no segmentation.
        """
        if cloud is None or task is None:
            self.scatter.show_points(np.zeros((0, 2)), np.zeros((0, 4)))
            self._legend.clear()
            return
        index, legend = _classes(cloud, colour_by, task, regions)
        palette = np.array([_rgba(colour) for colour, _ in legend], np.float32)
        self.scatter.show_points(cloud.xy, palette[index])
        self._legend.setText(
            " &nbsp; ".join(f'<span style="color:{c}">●</span> {name}' for c, name in legend)
        )

    def show_marked(self, marked: Marked | None) -> None:
        """Highlights the marked points."""
        self.scatter.show_marked(None if marked is None else marked.points)

    def _on_chosen(self) -> None:
        self.chosen.emit(
            CloudSettings(tuple(self._kinds.currentData()), self._method.currentData())
        )

    def _on_lasso(self, on: bool) -> None:
        self.scatter.lasso = on


def _classes(
    cloud: Cloud, colour_by: ColourBy, task: Task, regions: object
) -> tuple[np.ndarray, ClassColours]:
    """Class index of every point, (n,), and colour and name of each class."""
    if colour_by == "kind":
        return cloud.kind, list(zip(COLOURS, cloud.kinds, strict=False))
    if colour_by == "modality":
        indices = [task.names.index(name) for name in cloud.modalities]
        colours = [COLOURS[k % len(COLOURS)] for k in indices]
        return cloud.modality, list(zip(colours, cloud.modalities, strict=True))
    values = np.zeros(len(cloud.xy), np.int64) if regions is None else np.asarray(regions)
    index = np.zeros(len(values), np.int64)
    for k, label in enumerate(task.labels, 1):
        index[values == label.value] = k
    unlabelled = "no segmentation" if regions is None else "no region"
    return index, [(NOTHING, unlabelled), *((la.colour, la.name) for la in task.labels)]


def _rgba(colour: str) -> tuple[float, float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 0.8
