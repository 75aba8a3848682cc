"""The modalities of a sweep in one line, with a collapsible table of their layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_shaspec.case.modality_table import ModalityTable

if TYPE_CHECKING:
    from napari.layers import Image


class SourcesBox(QWidget):
    """Collapsed by default, because layers are usually matched automatically."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = ModalityTable()
        self.table.hide()
        self._text = QLabel()
        self._text.setObjectName("shaspec_sources")
        self._text.setWordWrap(True)
        self._fold = QToolButton()
        self._fold.setObjectName("shaspec_fold")
        self._fold.setText("Layers")
        self._fold.setToolTip("Choose the layer of each modality, and the modalities of the sweep")
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.toggled.connect(self._on_toggled)
        self._on_toggled(False)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._fold)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.table)

    def show_rows(
        self, sources: Mapping[str, Image | None], present: frozenset[str], choices: Sequence[Image]
    ) -> None:
        """Lists the ticked modalities and fills the table."""
        names = [name for name in sources if name in present]
        self._text.setText(", ".join(names) if names else "no modality ticked")
        self.table.show_rows(sources, present, choices)

    def _on_toggled(self, on: bool) -> None:
        self.table.setVisible(on)
        self._fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
