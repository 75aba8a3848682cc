"""Files that the panel *Segment* opens and writes."""

from __future__ import annotations

import threading

import nibabel as nib
import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QApplication,
    QFileDialog,
)

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.file_dialogs import DICOM_SEG, SIZES, SLICER, with_ending
from shaspec import report


def done(panel):
    return panel.controller.state.status is Status.DONE


def test_saving_asks_for_a_name_that_is_not_taken_for_the_truth(
    qtbot,
    panel,
    viewer,
    make_case,
    monkeypatch,
    tmp_path,
    find,
    click,
):
    add_case(viewer, make_case())
    assert not find(panel, "save").isVisible()
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    asked = []

    def answer(parent, title, default, kinds):
        asked.append(default)
        return str(tmp_path / "mine"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    click(find(panel, "save"))
    assert asked[0].endswith("anna_FLAIR+T1+T1ce+T2_pred.nii.gz")
    qtbot.waitUntil((tmp_path / "mine.nii.gz").is_file)


def test_a_case_folder_is_opened_and_dropped_without_a_question(
    qtbot,
    panel,
    viewer,
    monkeypatch,
    tmp_path,
    find,
    click,
):
    for name in ("anna", "berta"):
        (tmp_path / name).mkdir()
        for word in ("t1", "flair"):
            data = np.random.default_rng(0).integers(1, 9, (8, 9, 10)).astype(np.int16)
            image = nib.Nifti1Image(data, np.diag([-1.0, -1, 1, 1]))
            nib.save(image, tmp_path / name / f"{name}_{word}.nii.gz")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "anna"))
    click(find(panel, "open_case"))
    assert panel.controller.state.case == "anna"

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "berta"))])
    where, action = QPoint(50, 50), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(where, action, data, buttons, keys)
    panel.dragEnterEvent(entering)
    assert entering.isAccepted()
    panel.dropEvent(QDropEvent(where.toPointF(), action, data, buttons, keys))
    assert panel.controller.state.case == "berta"
    assert panel.controller.state.present == {"FLAIR", "T1"}


def test_files_that_cannot_be_opened_are_named(panel, viewer, tmp_path, notifications):
    (tmp_path / "x_t1.nii").write_bytes(b"no volume" * 100)
    panel.controller.open([tmp_path / "x_t1.nii"])
    assert "x_t1.nii" in notifications[-1]
    (tmp_path / "notes.txt").write_text("no volume")
    panel.controller.open([tmp_path / "notes.txt"])
    assert "notes.txt" in notifications[-1]
    assert len(viewer.layers) == 0


@pytest.mark.parametrize(
    ("chosen", "kind", "wanted"),
    [
        ("anna_seg", "NIfTI (*.nii.gz *.nii)", "anna_seg.nii.gz"),
        ("anna_seg.nii", "NIfTI (*.nii.gz *.nii)", "anna_seg.nii"),
        ("anna_seg.seg.nrrd", "NIfTI (*.nii.gz *.nii)", "anna_seg.seg.nrrd"),
        ("anna_seg.nii.gz", SLICER, "anna_seg.seg.nrrd"),
        ("anna_seg", SLICER, "anna_seg.seg.nrrd"),
        ("anna_seg.nii.gz", SIZES, "anna_seg.csv"),
        ("anna_seg.nii.gz", DICOM_SEG, "anna_seg.dcm"),
        ("anna_seg.dcm", "NIfTI (*.nii.gz *.nii)", "anna_seg.dcm"),
        ("anna_sizes.csv", "NIfTI (*.nii.gz *.nii)", "anna_sizes.csv"),
    ],
)
def test_the_chosen_format_gives_the_ending(chosen, kind, wanted):
    assert with_ending(chosen, kind, ".nii.gz") == wanted


def test_a_report_is_written_in_a_worker_with_a_message(
    qtbot,
    panel,
    viewer,
    make_case,
    monkeypatch,
    tmp_path,
    find,
    click,
):
    threads, write = [], report.write_report

    def spied(*words):
        threads.append(threading.get_ident())
        return write(*words)

    monkeypatch.setattr(report, "write_report", spied)
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    answers = [(str(tmp_path / "r"), "PDF (*.pdf)"), (str(tmp_path / "s.html"), "PDF (*.pdf)")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answers.pop(0))
    for name in ("r.pdf", "s.html"):
        click(find(panel, "report"))
        assert not find(panel, "report").isEnabled()
        qtbot.waitUntil(lambda: done(panel), timeout=60_000)
        assert (tmp_path / name).is_file()
        assert panel.controller.state.message.text == f"saved {tmp_path / name}"
    assert threading.get_ident() not in threads


def test_a_result_from_files_is_copied_as_a_command(
    qtbot, panel, viewer, make_case, notifications, find, click
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    click(find(panel, "copy"))
    assert clipboard.text() == "before"
    assert "did not come from a file" in notifications[-1]
    facts = panel.controller.state.results[0].provenance
    facts |= dict.fromkeys(("source", "subset", "overlap"), "x") | {"window": [8, 8, 8]}
    facts["files"] = {name: f"{name}.nii" for name in panel.controller.state.present}
    click(find(panel, "copy"))
    assert clipboard.text().startswith("shaspec predict FLAIR=FLAIR.nii T1=T1.nii")
    assert "command copied" in panel.message.text()
