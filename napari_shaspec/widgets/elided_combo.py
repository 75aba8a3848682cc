"""A combo box that shortens a long text in its middle, so that both ends can be read."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

MARGIN = 2  # pixels that a style may add to the text


class ElidedComboBox(QComboBox):
    """Cases are often named alike and differ at the end: ``BraTS2021_00006`` and ``..._01476``."""

    def shown_text(self) -> str:
        """The current text as it fits into the widget."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style = self.style()
        assert style is not None
        field = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        width = max(0, field.width() - MARGIN)
        middle = Qt.TextElideMode.ElideMiddle
        return self.fontMetrics().elidedText(self.currentText(), middle, width)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws the frame and the shortened text."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shown_text()
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
