"""The assignment dialog: which file of a case is which modality."""

from __future__ import annotations

import threading
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.assign.choices import TITLES, Choices, Row
from napari_shaspec.assign.preview import SIDE, Preview, previews
from napari_shaspec.assign.role_table import RoleRow, RoleTable
from napari_shaspec.jobs.runner import Handlers, Runner, run_in_worker
from napari_shaspec.jobs.state import Message
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.message_box import MessageBox, breakable
from shaspec.geometry import Grid
from shaspec.io.gridding import FINEST
from shaspec.io.naming import LABELS, Certainty
from shaspec.io.roles import UNUSED

WIDTH, HEIGHT = 860, 660  # pixels; fits a screen of 1366 x 768
ROW, REST = SIDE + 6, 230  # height of a row of the table, and of everything else
REMEMBER = "Remember for files with similar names"


class AssignDialog(QDialog):
    """Changes ``choices``; accepted only if they make up a case. Call `end` when it is closed.

    Args:
        choices: the files and their roles.
        why: the question, shown at the top.
        run: runs the job that makes the pictures.
    """

    def __init__(
        self,
        choices: Choices,
        why: str,
        parent: QWidget | None = None,
        *,
        run: Runner = run_in_worker,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_assign")
        self.setWindowTitle("Assign files")
        self._choices = choices
        self._stop = threading.Event()
        self._grids: dict[Path, Grid] = {}
        self.table = RoleTable(
            [_shown(row) for row in choices.rows],
            {role: TITLES.get(role, role) for role in choices.options},
            "File",
        )
        self.grid = QComboBox()
        self._grid_row = QWidget()
        self.status = QLabel()
        self.remember = QCheckBox(REMEMBER)
        self.remember.setToolTip(
            "Use these roles for the next case whose files are named in the same way. Only words "
            "such as MPRAGE or POST are stored, never the name of a patient"
        )
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self._build(why)
        self.table.chosen.connect(self._on_chosen)
        self.grid.activated.connect(self._on_grid)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        theme.follow(self.status, self._show_status)
        files = [row.file for row in choices.rows]
        handlers = Handlers(self._on_preview, lambda _: None, lambda: None)
        run(lambda: previews(files), handlers, self._stop)

    @property
    def ok(self) -> QPushButton:
        """The button that opens the case."""
        button = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert button is not None
        return button

    def accept(self) -> None:
        """Stores the choices, if the user wants that, and closes the dialog."""
        if self.remember.isChecked():
            self._choices.remember()
        super().accept()

    def end(self) -> None:
        """Ends the worker."""
        self._stop.set()

    def _build(self, why: str) -> None:
        reason = MessageBox()
        reason.show_message(Message(why, "warning" if why else "info"))
        scroll = QScrollArea()
        scroll.setWidget(self.table)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.grid.setObjectName("shaspec_grid")
        self.grid.setToolTip("All volumes, and the result, are resampled to the voxels of this one")
        line = QHBoxLayout(self._grid_row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(QLabel("The files have different voxel grids. Use the grid of"))
        line.addWidget(self.grid)
        line.addStretch(1)
        self._grid_row.hide()
        self.remember.setObjectName("shaspec_remember")
        self.remember.setChecked(True)
        self.status.setObjectName("shaspec_assign_status")
        self.status.setWordWrap(True)
        self.status.setFixedHeight(2 * self.status.fontMetrics().lineSpacing() + 12)
        self.ok.setText("Open")
        self.ok.setObjectName("shaspec_assign_ok")
        bottom = QHBoxLayout()
        bottom.addWidget(self.remember)
        bottom.addStretch(1)
        bottom.addWidget(self._buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(reason)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._grid_row)
        layout.addWidget(self.status)
        layout.addLayout(bottom)
        self.resize(WIDTH, min(HEIGHT, REST + ROW * len(self._choices.rows)))

    # -- what the user does ----------------------------------------------------------------------

    def _on_chosen(self, index: int, role: str) -> None:
        self._choices.choose(index, role)
        self._show_grids()
        self._show_status()

    def _on_grid(self, index: int) -> None:
        self._choices.grid = self.grid.itemData(index)
        self._show_status()

    # -- what is shown ---------------------------------------------------------------------------

    def _on_preview(self, preview: Preview) -> None:
        if self._stop.is_set():  # the dialog is closed
            return
        self.table.show_preview(preview.place, preview.picture, preview.size)
        if preview.grid is not None:
            self._grids[preview.path] = preview.grid
        self._show_grids()

    def _show_grids(self) -> None:
        """Offers the grids of the chosen volumes if they differ."""
        used = {
            row.chosen: self._grids[row.file.path]
            for row in self._choices.rows
            if row.chosen in self._choices.task.names and row.file.path in self._grids
        }
        names = [name for name in self._choices.task.names if name in used]
        differ = any(not used[name].matches(used[names[0]]) for name in names)
        self._grid_row.setVisible(differ)
        if not differ or self._choices.grid not in ("", FINEST, *names):
            self._choices.grid = ""
        self.grid.clear()
        for name in names:
            self.grid.addItem(name, "" if name == names[0] else name)
        self.grid.addItem("the smallest voxels", FINEST)
        self.grid.setCurrentIndex(max(0, self.grid.findData(self._choices.grid)))

    def _show_status(self) -> None:
        problem = self._choices.problem
        self.ok.setEnabled(not problem)
        self.ok.setToolTip(problem or "Open the case with these files")
        if problem:
            back = theme.colour("warning")
            self.status.setText(breakable(problem))
            self.status.setStyleSheet(
                f"background-color: {back}; color: {theme.readable_on(back)}; padding: 4px; "
                "border-radius: 4px;"
            )
            return
        self.status.setText(self._summary())
        self.status.setStyleSheet("padding: 4px;")

    def _summary(self) -> str:
        used = {row.chosen for row in self._choices.rows}
        roles = [role for role in self._choices.options if role]
        there = [TITLES.get(role, role) for role in roles if role in used]
        missing = [role for role in roles if role not in used and role != LABELS]
        return f"Opens {', '.join(there)}." + (
            f" Missing: {', '.join(missing)}." if missing else ""
        )


def _shown(row: Row) -> RoleRow:
    file = row.file
    recalled = row.recalled is not None and not row.contradicted
    role = row.chosen if recalled else file.role
    role_text = "not clear" if role is None else TITLES.get(role, role)
    if role == UNUSED and row.certainty == Certainty.DOUBTFUL:
        role_text = "not clear"
    guess = f"{role_text}\n{row.certainty}"
    return RoleRow(
        file.place, file.name, str(file.path), guess, file.reason, row.settled, row.chosen
    )
