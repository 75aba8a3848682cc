"""Controls for the kind of features, how to show them, and the channel."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSpinBox, QWidget

from napari_shaspec.features.state import FeatureView
from napari_shaspec.widgets.controls import narrow
from shaspec.analysis.features.views import How

KINDS = {
    "shared": "Output of the shared encoder for the modality",
    "specific": "Output of the modality's specific encoder",
    "fused": "Shared and specific features combined: the input of the decoder",
    "imputed": "Mean shared feature in place of an unticked modality, next to the true one",
    "feature": "Last full-resolution feature of the modality's U-Net",
    "attention": "Attention weight of the modality in the joint head, 0 to 1",
    "logits": "Output of the modality's own network, one channel per region",
    "weight": "Weight that the gate gives to the modality, 0 to 1, one channel per region",
}
HOWS = {
    How.COLOURS: ("PCA colours", "First three principal components as red, green and blue"),
    How.ENERGY: ("Energy", "Length of the feature vector"),
    How.DISTANCE: ("Distance to mean", "Distance of the feature from the mean over the modalities"),
    How.CHANNEL: ("One channel", "Values of a single channel"),
}


class FeaturePicker(QWidget):
    """Two combo boxes, a channel and the side-by-side tick."""

    chosen = Signal(object)
    """A `FeatureView`."""
    arranged = Signal(bool)
    """Whether to show panes side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind, self._how, self._channel = QComboBox(), QComboBox(), QSpinBox()
        self._grid = QCheckBox("Side by side")
        for widget, name in (
            (self._kind, "kind"),
            (self._how, "how"),
            (self._channel, "channel"),
            (self._grid, "panes"),
        ):
            widget.setObjectName(f"shaspec_{name}")
        narrow(self._kind)
        narrow(self._how)
        for how, (text, tip) in HOWS.items():
            self._how.addItem(text, how)
            self._how.setItemData(self._how.count() - 1, tip, 3)  # 3: the tooltip role
        self._channel.setToolTip("Channel of the feature")
        self._channel.setWrapping(True)
        self._grid.setToolTip("One pane per modality, with its image below the features")
        self._kind.activated.connect(self._on_chosen)
        self._how.activated.connect(self._on_chosen)
        self._channel.valueChanged.connect(self._on_chosen)
        self._grid.toggled.connect(self.arranged)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Features"), 0, 0)
        layout.addWidget(self._kind, 0, 1, 1, 2)
        layout.addWidget(QLabel("shown as"), 1, 0)
        layout.addWidget(self._how, 1, 1)
        layout.addWidget(self._channel, 1, 2)
        layout.addWidget(self._grid, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)

    def show_choices(self, kinds: Sequence[str], channels: int, view: FeatureView) -> None:
        """Lists the kinds of features of the model and selects the current view."""
        with QSignalBlocker(self._kind), QSignalBlocker(self._how), QSignalBlocker(self._channel):
            self._kind.clear()
            for kind in kinds:
                self._kind.addItem(kind, kind)
                self._kind.setItemData(self._kind.count() - 1, KINDS.get(kind, ""), 3)
            self._kind.setCurrentIndex(list(kinds).index(view.kind) if view.kind in kinds else -1)
            self._how.setCurrentIndex(list(HOWS).index(view.how))
            self._channel.setRange(0, max(0, channels - 1))
            self._channel.setValue(view.channel)
        self._kind.setToolTip(KINDS.get(view.kind, "The features to show"))
        self._how.setToolTip(HOWS[view.how][1])
        self._channel.setVisible(view.how is How.CHANNEL)
        self.setEnabled(bool(kinds))

    def show_panes(self, on: bool) -> None:
        """Sets the tick without emitting a signal."""
        with QSignalBlocker(self._grid):
            self._grid.setChecked(on)

    def _on_chosen(self) -> None:
        kind = self._kind.currentData()
        self.chosen.emit(FeatureView(kind, self._how.currentData(), self._channel.value()))
