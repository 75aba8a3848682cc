"""The series dialog: which series of an examination is which modality, and where the case goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.assign.preview import Picture, small_picture
from napari_shaspec.assign.role_table import RoleRow, RoleTable
from napari_shaspec.dicom.series_choices import SeriesChoices
from napari_shaspec.jobs.runner import Handlers, Runner, run_in_worker
from napari_shaspec.jobs.state import Message
from napari_shaspec.widgets.message_box import MessageBox, breakable
from napari_shaspec.widgets.path_field import PathField
from shaspec.dicom import Series, middle_slice
from shaspec.errors import InputError

WIDTH, HEIGHT = 900, 690  # pixels; fits a screen of 1366 x 768
TEXT = (
    "Check which series is used as which modality. These series are converted to NIfTI in a new "
    "folder; the DICOM files stay as they are."
)
FOLDER_TIP = (
    "The case is written to this folder. Its name appears on layers and in results, so it should "
    "not contain the name of the patient"
)


@dataclass(frozen=True, eq=False)
class _Pictured:
    """Event: the picture of a series; None: it cannot be shown."""

    key: str
    picture: Picture | None


class SeriesDialog(QDialog):
    """Changes the choices of a study; accepted only if they make up a case.

    Args:
        studies: the choices for each study of the examination, the latest last.
        folder: proposed for the case.
        why: an error of the last attempt, shown at the top.
        run: runs the job that makes the pictures. Call `end` when the dialog is closed.
    """

    def __init__(
        self,
        studies: Sequence[SeriesChoices],
        folder: Path,
        why: str = "",
        parent: QWidget | None = None,
        *,
        run: Runner = run_in_worker,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_series")
        self.setWindowTitle("Series of a DICOM examination")
        self._studies, self._why, self._run = studies, why, run
        self._stop = threading.Event()
        self.choices = studies[-1]
        """Choices of the selected study."""
        self.folder = folder
        """Where the case is written."""
        self._message = MessageBox()
        self._study = QComboBox()
        self._scroll = QScrollArea()
        self._status = QLabel()
        self._path = PathField("series_folder", FOLDER_TIP)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        button = self._buttons.addButton("Convert and open", QDialogButtonBox.ButtonRole.AcceptRole)
        assert button is not None
        self.ok: QPushButton = button
        self._build()
        self._show_study(len(studies) - 1)

    def end(self) -> None:
        """Ends the worker."""
        self._stop.set()

    def _build(self) -> None:
        self._study.setObjectName("shaspec_study")
        for choices in self._studies:
            study = choices.study
            self._study.addItem(f"{study.date or 'no date'}, {len(study.series)} series")
        self._study.setCurrentIndex(len(self._studies) - 1)
        self._study.activated.connect(self._show_study)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._path.show_path(str(self.folder))
        self._path.chosen.connect(self._on_folder)
        self._status.setObjectName("shaspec_series_status")
        self._status.setWordWrap(True)
        self._status.setFixedHeight(2 * self._status.fontMetrics().lineSpacing() + 8)
        self.ok.setObjectName("shaspec_series_ok")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        form = QFormLayout()
        if len(self._studies) > 1:
            form.addRow("Examination", self._study)
        form.addRow("Case folder", self._path)
        text = QLabel(TEXT)
        text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(10)
        layout.addWidget(text)
        layout.addWidget(self._message)
        layout.addWidget(self._scroll, 1)
        layout.addLayout(form)
        layout.addWidget(self._status)
        layout.addWidget(self._buttons)
        self.resize(WIDTH, HEIGHT)

    # -- what the user does ----------------------------------------------------------------------

    def _show_study(self, index: int) -> None:
        self._stop.set()  # the pictures of another study
        self._stop = threading.Event()
        self.choices = choices = self._studies[index]
        doubt = self._why or (f"{choices.doubt}." if choices.doubt else "")
        self._message.show_message(Message(doubt, "warning" if doubt else "info"))
        table = RoleTable(
            [
                RoleRow(row.key, row.name, row.name, row.guess, row.reason, row.settled,
                        row.chosen, row.size)
                for row in choices.rows
            ],
            choices.options,
            "Series",
        )  # fmt: skip
        table.chosen.connect(self._on_chosen)
        self._scroll.setWidget(table)
        self._show_status()
        series, stop = [row.proposal.series for row in choices.rows], self._stop

        def show(event: _Pictured) -> None:
            if not stop.is_set():
                table.show_preview(event.key, event.picture)

        self._run(lambda: _pictures(series), Handlers(show, lambda _: None, lambda: None), stop)

    def _on_chosen(self, index: int, role: str) -> None:
        self.choices.choose(index, role)
        self._show_status()

    def _on_folder(self, path: str) -> None:
        self.folder = Path(path)
        self._show_status()

    # -- what is shown ---------------------------------------------------------------------------

    def _show_status(self) -> None:
        problem = self.choices.problem
        if not problem and not str(self.folder).strip(". "):
            problem = "Name a folder for the case."
        self.ok.setEnabled(not problem)
        self._status.setText(breakable(problem or self._summary()))

    def _summary(self) -> str:
        given = self.choices.given
        used = {row.chosen: row.key for row in self.choices.rows}
        there = [f"{role} from series {used[role]}" for role in given if role in used]
        missing = [role for role in given if role not in used]
        return f"Converts {', '.join(there)}." + (
            f" Missing: {', '.join(missing)}." if missing else ""
        )


def _pictures(series: Sequence[Series]) -> Iterator[_Pictured]:
    """Makes the pictures one by one. Slow: runs in a worker."""
    for one in series:
        try:
            rows, columns = one.first.spacing
            size = (rows, columns) if rows > 0 and columns > 0 else (1.0, 1.0)
            yield _Pictured(one.key, small_picture(middle_slice(one), size))
        except InputError:
            yield _Pictured(one.key, None)
