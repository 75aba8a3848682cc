"""A message for the user, coloured by its level; hidden if there is none.

In a `Steady` frame it never moves what is below it.
"""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from napari_shaspec.jobs.state import Message
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.large_type import FontWatch


class MessageBox(QLabel):
    """Shows a `Message`; its text can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = "info"
        self.setObjectName("shaspec_message")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        theme.follow(self, self._restyle)
        self.show_message(Message())

    def show_message(self, message: Message) -> None:
        """Shows the text, or hides the box if there is none."""
        self._level = message.level
        self.setText(breakable(message.text))
        self.setToolTip(message.text if message.level != "info" else "")
        self.setVisible(bool(message.text))
        self._restyle()

    def _restyle(self) -> None:
        if self._level == "info":
            self.setStyleSheet("padding: 2px;")
            return
        back = theme.colour(self._level)
        self.setStyleSheet(
            f"background-color: {back}; color: {theme.readable_on(back)}; "
            "padding: 6px; border-radius: 4px;"
        )


class Steady(QScrollArea):
    """A frame of fixed height around a message; a longer one scrolls."""

    def __init__(self, message: MessageBox, lines: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_steady")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        message.setAlignment(Qt.AlignmentFlag.AlignTop)
        policy = message.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Ignored)  # else it asks for a narrow column
        policy.setHeightForWidth(True)
        message.setSizePolicy(policy)
        self.setWidget(message)
        self._lines = lines
        FontWatch(message, lambda: self._fit(message))

    def _fit(self, message: MessageBox) -> None:
        high = message.fontMetrics().lineSpacing()
        self.setFixedHeight(self._lines * high + 14)  # with the padding


def breakable(text: str) -> str:
    """``text`` with break points in long paths, so that the panel keeps its width."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b").replace("+", "+\u200b")
