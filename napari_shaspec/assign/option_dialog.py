"""A question with a few answers, for a file that can be read in more than one way."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.widgets.message_box import breakable
from shaspec.errors import UndecidedError

CHOOSE = "— choose —"
MOST_BUTTONS = 2  # more answers are a list
TITLES = {
    "scheme": "Which label convention is this?",
    "labels_by_voxel": "How are the labels placed on the scan?",
    "grid": "Which voxel grid?",
    "series": "On which series were the labels made?",
    "study": "Which examination?",
}


class OptionDialog(QDialog):
    """One button per answer, or a list of them; ``value`` is the chosen one."""

    def __init__(
        self, error: UndecidedError, otherwise: str = "Cancel", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_option")
        self.setWindowTitle(TITLES.get(error.option, "ShaSpec"))
        self.value: Any = None
        asked = QLabel(f"<b>{self.windowTitle()}</b>")
        doubt = QLabel(breakable(f"{error.doubt}."))
        doubt.setWordWrap(True)
        self.list = QComboBox()
        self.list.setObjectName("shaspec_answers")
        self.list.setToolTip("What the file may be; nothing in it or in its name decides")
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(asked)
        layout.addWidget(doubt)
        if len(error.choices) > MOST_BUTTONS or error.option == "scheme":
            self.list.addItem(CHOOSE, None)
            for text, value in error.choices.items():
                self.list.addItem(text, value)
            layout.addWidget(self.list)
            use = QPushButton("Use this one")
            use.setEnabled(False)
            use.clicked.connect(lambda: self._choose(self.list.currentData()))
            self.list.currentIndexChanged.connect(lambda row: use.setEnabled(row > 0))
            buttons.addButton(use, QDialogButtonBox.ButtonRole.AcceptRole)
        else:
            self.list.hide()
            for text, value in error.choices.items():
                button = QPushButton(text)
                button.clicked.connect(lambda _=False, value=value: self._choose(value))
                buttons.addButton(button, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = buttons.addButton(kinds.Cancel)
        assert cancel is not None
        cancel.setText(otherwise)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(560)

    def _choose(self, value: Any) -> None:
        self.value = value
        self.accept()
