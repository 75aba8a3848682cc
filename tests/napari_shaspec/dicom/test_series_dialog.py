"""The series dialog: what it shows, and when it can be accepted."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit

from napari_shaspec.dicom.dialog import SeriesDialog
from napari_shaspec.dicom.series_choices import SeriesChoices
from napari_shaspec.jobs.runner import run_here
from shaspec.dicom import dicom_files, read_studies
from tests.made_up_dicom import STUDY, T2, write_series


@pytest.fixture
def dialog_of(qtbot, task):
    made = []
    with ExitStack() as stack:

        def make(folder: Path, why: str = "") -> SeriesDialog:
            files = stack.enter_context(dicom_files(folder))
            choices = [SeriesChoices(study, task) for study in read_studies(files)]
            dialog = SeriesDialog(choices, folder.parent / "case", why, run=run_here)
            qtbot.addWidget(dialog)
            made.append(dialog)
            return dialog

        yield make
        for dialog in made:
            dialog.end()


def pick(dialog: SeriesDialog, key: str, role: str) -> None:
    keys = [row.key for row in dialog.choices.rows]
    box = dialog.findChild(QComboBox, f"shaspec_role_{keys.index(key)}")
    box.setCurrentIndex(box.findData(role))
    box.activated.emit(box.currentIndex())


def status(dialog: SeriesDialog) -> str:
    text: str = dialog.findChild(QLabel, "shaspec_series_status").text()
    return text.replace("\u200b", "")


def texts(dialog: SeriesDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel)).replace("\u200b", "")


def test_a_clear_examination_can_be_accepted_at_once(dialog_of, disc):
    dialog = dialog_of(disc)
    assert dialog.ok.isEnabled()
    assert status(dialog) == (
        "Converts FLAIR from series 4, T1 from series 5, T1ce from series 7, T2 from series 2."
    )
    assert "Quibblethorpe" not in texts(dialog)
    assert "[patient]" in texts(dialog)
    assert [row.key for row in dialog.choices.rows if not row.chosen] == ["1", "3", "6"]


def test_a_series_in_doubt_has_to_be_chosen(dialog_of, doubtful):
    dialog = dialog_of(doubtful)
    assert "2 series fit T1" in texts(dialog)
    assert not dialog.ok.isEnabled()
    assert status(dialog) == "Choose what series 5 (t1_se) is."
    pick(dialog, "5", "T1")
    pick(dialog, "9", "T1")
    assert status(dialog) == "Series 5 and 9 are both T1: keep one."
    assert not dialog.ok.isEnabled()
    pick(dialog, "9", "T1ce")
    assert dialog.ok.isEnabled()
    assert dialog.choices.given == {"FLAIR": "none", "T1": "5", "T1ce": "9", "T2": "none"}
    assert status(dialog).endswith("Missing: FLAIR, T2.")
    for key in ("5", "9"):
        pick(dialog, key, "")
    assert "at least one of FLAIR, T1, T1ce, T2" in status(dialog)


def test_a_series_that_is_no_volume_cannot_be_used(dialog_of, doubtful):
    write_series(doubtful, 2, "t2_tse", skip=(7,), **T2)
    dialog = dialog_of(doubtful)
    pick(dialog, "5", "T1")
    pick(dialog, "9", "")
    assert dialog.ok.isEnabled()
    pick(dialog, "2", "T2")
    assert "series 2 (t2_tse) cannot be used: 1 slice is missing" in status(dialog)
    assert not dialog.ok.isEnabled()


def test_every_series_has_a_picture(dialog_of, disc):
    shown = [la for la in dialog_of(disc).findChildren(QLabel) if not la.pixmap().isNull()]
    assert len(shown) == 7


def test_the_latest_of_several_studies_is_shown_first(dialog_of, doubtful):
    write_series(doubtful, 3, "t2_tse", StudyInstanceUID=f"{STUDY}.9", StudyDate="20250607", **T2)
    dialog = dialog_of(doubtful)
    box = dialog.findChild(QComboBox, "shaspec_study")
    assert [box.itemText(k) for k in range(2)] == ["2024-01-05, 2 series", "2025-06-07, 1 series"]
    assert dialog.choices.study.date == "2025-06-07"
    assert dialog.ok.isEnabled()
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert dialog.choices.study.date == "2024-01-05"
    assert not dialog.ok.isEnabled()


def test_the_folder_can_be_changed(dialog_of, disc, tmp_path):
    dialog = dialog_of(disc)
    line = dialog.findChild(QLineEdit, "shaspec_series_folder")
    line.setText("")
    assert not dialog.ok.isEnabled()
    assert status(dialog) == "Name a folder for the case."
    line.setText(str(tmp_path / "mine"))
    line.editingFinished.emit()
    assert dialog.folder == tmp_path / "mine"
    assert dialog.ok.isEnabled()


def test_an_error_of_the_last_attempt_is_at_the_top(dialog_of, disc):
    assert "the folder is full" in texts(dialog_of(disc, "the folder is full"))
