"""One row per modality: a tick "present", its name, and its layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSizePolicy, QWidget

from napari_shaspec.case.assignment import describe
from napari_shaspec.widgets.elided_combo import ElidedComboBox

if TYPE_CHECKING:
    from napari.layers import Image

NONE = "— none —"


@dataclass(frozen=True)
class _Row:
    tick: QCheckBox
    layer: QComboBox


class ModalityTable(QWidget):
    """Shows the layer of each modality; a modality without a layer cannot be ticked."""

    assigned = Signal(str, object)
    """Modality, and the layer (or None) that the user chose for it."""
    ticked = Signal(str, bool)
    """Modality, and whether the user wants to use it."""

    def __init__(self, keys: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys  # that tick the rows, from the top
        self._rows: dict[str, _Row] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)

    def show_rows(
        self,
        sources: Mapping[str, Image | None],
        present: frozenset[str],
        choices: Sequence[Image],
    ) -> None:
        """Shows the rows of a task; creates new ones only if the modalities changed."""
        if list(self._rows) != list(sources):
            self._build(sources)
        for number, (name, layer) in enumerate(sources.items()):
            row = self._rows[name]
            key = f" ({self._keys[number]})" if number < len(self._keys) else ""
            with QSignalBlocker(row.layer), QSignalBlocker(row.tick):
                row.layer.clear()
                row.layer.addItem(NONE, None)
                for choice in choices:
                    row.layer.addItem(describe(choice), choice)
                row.layer.setCurrentIndex(1 + choices.index(layer) if layer in choices else 0)
                row.tick.setChecked(name in present)
            row.tick.setEnabled(layer is not None)
            row.tick.setToolTip(_tick_tooltip(name, layer is not None) + key)
            row.layer.setToolTip(
                f"The layer with {name}" + (f": {describe(layer)}" if layer is not None else "")
            )

    def set_layers_enabled(self, enabled: bool) -> None:
        """Disables the layers while a job runs; ticks may change at any time."""
        for row in self._rows.values():
            row.layer.setEnabled(enabled)

    def _build(self, names: Mapping[str, object]) -> None:
        for row in self._rows.values():
            for widget in (row.tick, row.layer):
                self._grid.removeWidget(widget)
                widget.hide()  # it is deleted later, and until then would lie under the new row
                widget.deleteLater()
        self._rows = {name: self._row(i, name) for i, name in enumerate(names)}

    def _row(self, index: int, name: str) -> _Row:
        tick, layer = QCheckBox(name), ElidedComboBox()
        tick.setObjectName(f"shaspec_tick_{name}")
        layer.setObjectName(f"shaspec_layer_{name}")
        layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        layer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tick.toggled.connect(lambda on: self.ticked.emit(name, on))
        layer.activated.connect(lambda k: self.assigned.emit(name, layer.itemData(k)))
        self._grid.addWidget(tick, index, 0)
        self._grid.addWidget(layer, index, 1)
        return _Row(tick, layer)


def _tick_tooltip(name: str, has_layer: bool) -> str:
    if has_layer:
        return f"Ticked: {name} is used. Unticked: as if {name} had not been acquired."
    return f"No layer is assigned to {name}: it counts as missing. Choose a layer if there is one."
