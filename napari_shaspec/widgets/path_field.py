"""A path to type or to choose in a file dialog."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget


class PathField(QWidget):
    """A line for the path, and a button that opens a dialog for a folder, a file or either."""

    chosen = Signal(str)

    def __init__(
        self,
        name: str,
        tooltip: str,
        *,
        folder: bool = True,
        files: str = "",
        empty: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Makes the line and the button.

        Args:
            name: part of the object names.
            tooltip: of the line and the button, and title of the dialog.
            folder: whether folders can be chosen.
            files: filter such as ``"Folds (*.json)"`` if files can be chosen.
            empty: placeholder of an empty line.
            parent: the parent widget.
        """
        super().__init__(parent)
        self._title, self._files = tooltip, files
        self._line = QLineEdit()
        self._line.setObjectName(f"shaspec_{name}")
        self._line.setToolTip(tooltip)
        self._line.setPlaceholderText(empty)
        self._line.setClearButtonEnabled(bool(empty))
        self._line.editingFinished.connect(self._on_edited)
        self._line.textChanged.connect(self._on_cleared)
        self._shown = ""
        button = QToolButton()
        button.setObjectName(f"shaspec_{name}_choose")
        button.setText("Choose…")
        button.setToolTip(tooltip)
        if folder and files:
            menu = QMenu(button)
            menu.addAction("Folder…", self._on_folder)
            menu.addAction("File…", self._on_file)
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setStyleSheet("QToolButton { padding-right: 14px; }")  # room for the arrow
        else:
            button.clicked.connect(self._on_folder if folder else self._on_file)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line, 1)
        row.addWidget(button)

    @property
    def path(self) -> str:
        """What the line shows; empty: no path."""
        return self._line.text().strip()

    def show_path(self, path: str) -> None:
        """Shows the path without emitting a signal."""
        self._shown = path
        with QSignalBlocker(self._line):
            self._line.setText(path)

    def _on_edited(self) -> None:
        text = self._line.text().strip()
        if text != self._shown:
            self._shown = text
            self.chosen.emit(text)

    def _on_cleared(self, text: str) -> None:
        """The clear button needs no Enter."""
        if not text:
            self._on_edited()

    def _on_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self._title, self._shown))

    def _on_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, self._title, self._shown, self._files)[0])

    def _take(self, path: str) -> None:
        if path:
            self.show_path(path)
            self.chosen.emit(path)
