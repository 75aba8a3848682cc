"""Offers edits of an earlier session that were not saved."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_shaspec.segment.edit_file import Head
from napari_shaspec.widgets.message_box import breakable


class RecoveryBar(QWidget):
    """A line and two buttons; hidden while there is nothing to restore."""

    restored = Signal()
    discarded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_recovery")
        self._text = QLabel()
        self._text.setWordWrap(True)
        restore = QPushButton("Restore edits")
        restore.setObjectName("shaspec_restore")
        restore.setToolTip("Show the result with these edits, as it was")
        discard = QPushButton("Discard edits")
        discard.setObjectName("shaspec_discard")
        discard.setToolTip("Delete these edits; this cannot be undone")
        restore.clicked.connect(self.restored)
        discard.clicked.connect(self.discarded)
        buttons = QHBoxLayout()
        buttons.addWidget(restore)
        buttons.addWidget(discard)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._text)
        column.addLayout(buttons)
        self.hide()

    def show_offers(self, offers: Sequence[tuple[object, Head]]) -> None:
        """Names the subset and time of each edited result."""
        self.setVisible(bool(offers))
        lines = [f"{breakable(head.subset)}, {head.saved}" for _, head in offers]
        self._text.setText("\n".join(["Edits that were not saved:", *lines]))
        self._text.setToolTip("\n".join("; ".join(head.edits) for _, head in offers))
