"""Offers to prepare a case whose scans are not registered or have a skull."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_shaspec.segment.state import BrainMaskState
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.message_box import breakable

PREPARED = "This case was prepared."


class PrepareBar(QWidget):
    """A line and a button; hidden for a case that needs no preparation and had none."""

    preparing = Signal()
    pictured = Signal()
    edited = Signal()
    """The brain mask is to be edited."""
    stripped = Signal()
    """The edited brain mask is to be used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_prepare_bar")
        self._text = QLabel()
        self._text.setWordWrap(True)
        tip = (
            "Register the scans to each other, strip the skull, and write the result as a new case"
        )
        self._prepare = push_button("prepare", "Prepare…", tip)
        tip = "Show the scans over the reference, and the outline of the brain"
        self._pictures = push_button("prepared_pictures", "Pictures…", tip)
        tip = "Correct the brain mask with the brush, over the scan with its skull"
        self._edit = push_button("edit_mask", "Edit mask", tip)
        tip = "Prepare the scans again with the edited mask, in a new folder"
        self._strip = push_button("strip_again", "Strip again", tip)
        self._edit.clicked.connect(self.edited)
        self._strip.clicked.connect(self.stripped)
        self._prepare.clicked.connect(self.preparing)
        self._pictures.clicked.connect(self.pictured)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._text, 1)
        for button in (self._pictures, self._edit, self._strip, self._prepare):
            row.addWidget(button)
        self.hide()

    def show_case(
        self, unprepared: Sequence[str], pictures: Sequence[Path], mask: BrainMaskState = "none"
    ) -> None:
        """Says what a preparation would mend; for a prepared case, offers its pictures and its
        brain mask."""
        self._prepare.setVisible(bool(unprepared))
        self._pictures.setVisible(bool(pictures))
        self._edit.setVisible(mask == "offered")
        self._strip.setVisible(mask == "edited")
        shown = f"Not prepared: {_short(unprepared)}." if unprepared else PREPARED
        self._text.setText(breakable(shown))
        self._text.setToolTip("\n".join(unprepared))
        self.setVisible(bool(unprepared or pictures or mask != "none"))

    def set_busy(self, busy: bool) -> None:
        """Disables the buttons that start a job while one runs."""
        for button in (self._prepare, self._edit, self._strip):
            button.setEnabled(not busy)


def _short(unprepared: Sequence[str]) -> str:
    """The findings without their reasons."""
    return "; ".join(text.split("; ")[0] for text in unprepared)
