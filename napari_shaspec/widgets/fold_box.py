"""A row of a panel that unfolds; closed at first, so that the panel stays short.

superqt's ``QCollapsible`` is not used: its icon keeps the colour of the first theme.
"""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget


class FoldBox(QWidget):
    """A button with an arrow, and the widgets below it.

    Args:
        name: object name of the button without ``shaspec_``; the box is ``shaspec_<name>_box``.
        text: of the button.
        tooltip: what the box is for.
    """

    unfolded = Signal()
    """The user opened the box, or its content has grown: the panel should scroll to it."""

    def __init__(self, name: str, text: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"shaspec_{name}_box")
        self._fold = QToolButton()
        self._fold.setObjectName(f"shaspec_{name}")
        self._fold.setText(text)
        self._fold.setToolTip(tooltip)
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.toggled.connect(self._on_folded)
        self._fold.clicked.connect(lambda on: self.unfolded.emit() if on else None)
        self._content = QWidget()
        self.column = QVBoxLayout(self._content)
        """For the widgets of the box."""
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._fold)
        layout.addWidget(self._content)
        self._on_folded(False)

    @property
    def is_open(self) -> bool:
        """Whether the widgets are shown."""
        return self._fold.isChecked()

    def _on_folded(self, on: bool) -> None:
        self._content.setVisible(on)
        self._fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
