"""The picker of open and recent cases, with buttons to open and close a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction, QStandardItemModel
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_shaspec.recent_cases import RecentCase
from napari_shaspec.widgets.controls import fix_width, narrow
from napari_shaspec.widgets.elided_combo import ElidedComboBox

NONE = "none yet"
RECENT = "Recent cases"
TIP = "The case whose layers are in the table; below it the recent cases"
SMALL = 20  # pixels, width of a button with a symbol; the panel must not become wider


class CaseBar(QWidget):
    """Lists open and recent cases; the user switches between them, opens or closes a case."""

    opened = Signal(list)
    """Paths that the user wants to open as a case."""
    reopened = Signal(object)
    """The `RecentCase` that the user wants to open."""
    assigning = Signal()
    """The user wants to reassign the files of the current case."""
    chosen = Signal(str)
    """Name of the open case that the user wants to see."""
    closed = Signal(str)
    """Name of the case whose layers the user wants to remove."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases = ElidedComboBox()
        self._cases.setObjectName("shaspec_case")
        self._cases.setToolTip(TIP)
        narrow(self._cases)
        self._cases.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._cases.activated.connect(self._on_activated)
        self._current = 0
        self._busy = False
        self._open = False  # whether the current case is one of the open ones
        self._close = _button("close_case", "✕", "Close this case: remove its layers from napari")
        self._close.clicked.connect(lambda: self.closed.emit(self._cases.currentText()))
        tip = "Open the folder of a case: one file per modality; some may be missing"
        opening = _button("open_case", "Open…", tip)
        opening.clicked.connect(self._on_open)
        more = _button("more_of_case", "⋯", "Open the files of a case, or reassign them")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        more.setMenu(self._menu())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for small in (self._close, more):
            fix_width(small, SMALL)
        row.addWidget(QLabel("Case"))
        row.addWidget(self._cases, 1)
        row.addWidget(self._close)
        row.addWidget(opening)
        row.addWidget(more)

    def show_cases(
        self, cases: Sequence[str], current: str, recent: Sequence[RecentCase] = ()
    ) -> None:
        """Lists the open cases, then the recent ones; selects the current case."""
        names = [*cases] if current in cases or not current else [*cases, current]
        self._cases.clear()
        for name in names or [NONE]:
            self._cases.addItem(name, name if names else None)
        self._list_recent(recent)
        self._current = names.index(current) if current in names else -1 if names else 0
        self._cases.setCurrentIndex(self._current)
        self._cases.setToolTip(f"{current}\n{TIP}" if current else TIP)
        self._open = current in cases
        self._enable()

    def set_busy(self, busy: bool) -> None:
        """Disables the picker while a job runs."""
        self._busy = busy
        self._enable()

    def offer_preparation(self, prepare: Callable[[], None]) -> None:
        """Adds a menu entry that calls ``prepare``."""
        self._prepare.triggered.connect(prepare)
        self._prepare.setVisible(True)

    def _enable(self) -> None:
        choice = any(self._cases.itemData(row) for row in range(self._cases.count()))
        self._cases.setEnabled(not self._busy and choice)
        self._close.setEnabled(not self._busy and self._open)
        for action in (self._assign, self._prepare):
            action.setEnabled(not self._busy and self._open)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        files, self._assign = QAction("Open files…", menu), QAction("Assign files…", menu)
        files.setToolTip("Open the files of one case, one per modality")
        files.triggered.connect(self._on_files)
        self._assign.triggered.connect(self.assigning)
        self._assign.setObjectName("shaspec_assign_files")
        self._assign.setToolTip("Choose which file of this case is which modality, and the grid")
        self._prepare = QAction("Prepare…", menu)
        self._prepare.setObjectName("shaspec_prepare_case")
        self._prepare.setToolTip("Register the scans of this case and strip the skull")
        self._prepare.setVisible(False)
        menu.addActions([files, self._assign, self._prepare])
        return menu

    def _list_recent(self, recent: Sequence[RecentCase]) -> None:
        """Adds a disabled heading and the recent cases with their folders."""
        if recent:
            self._cases.insertSeparator(self._cases.count())
            self._cases.addItem(RECENT, None)
            model = self._cases.model()
            assert isinstance(model, QStandardItemModel)
            heading = model.item(self._cases.count() - 1)
            assert heading is not None
            heading.setEnabled(False)
        for case in recent:
            self._cases.addItem(case.name, case)
            tip = "\n".join(case.paths)
            self._cases.setItemData(self._cases.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        view = self._cases.view()
        assert view is not None
        view.setMinimumWidth(view.sizeHintForColumn(0) + 24)  # no name is elided

    def _on_activated(self, row: int) -> None:
        """Shows an open case immediately; a recent one after it has been read."""
        chosen = self._cases.itemData(row)
        if isinstance(chosen, RecentCase):
            self._cases.setCurrentIndex(self._current)
            self.reopened.emit(chosen)
        elif chosen:
            self.chosen.emit(chosen)

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open the folder of a case")
        if folder:
            self.opened.emit([folder])

    def _on_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Open the files of one case")
        if paths:
            self.opened.emit(paths)


def _button(name: str, text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(f"shaspec_{name}")
    button.setText(text)
    button.setToolTip(tooltip)
    return button
