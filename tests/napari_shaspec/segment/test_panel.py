"""The panel on a `ViewerModel`: what a user sees and presses, with jobs in real worker threads."""

from __future__ import annotations

import threading

import nibabel as nib
import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
)

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SIZES, SLICER, SegmentPanel, with_ending
from napari_shaspec.segment.volume_table import VolumeTable
from napari_shaspec.widgets import theme
from shaspec import report
from shaspec.errors import OutOfMemoryError
from shaspec.prediction import Prediction


@pytest.fixture
def panel(qtbot, viewer, engine):
    """A panel whose controller runs its jobs in napari workers."""
    panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
    qtbot.addWidget(panel)
    panel.resize(320, 620)
    panel.show()
    yield panel
    panel.controller.close()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=10_000)


def done(panel):
    return panel.controller.state.status is Status.DONE


def test_a_case_fills_the_table(panel, viewer, make_case, find):
    add_case(viewer, make_case(present=("FLAIR", "T1ce")))
    assert find(panel, "tick_FLAIR", QCheckBox).isChecked()
    assert not find(panel, "tick_T1", QCheckBox).isEnabled()
    assert find(panel, "layer_T1ce", QComboBox).currentText() == "T1ce"
    assert find(panel, "layer_T1", QComboBox).currentText() == "— none —"
    assert "anna" in find(panel, "case", QComboBox).currentText()


def test_the_button_segments_and_the_table_tells_millilitres(
    qtbot, panel, viewer, make_case, find, click
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    table = find(panel, "volumes", QTableWidget)
    assert [table.horizontalHeaderItem(k).text() for k in (1, 2, 3)] == ["ET", "TC", "WT"]
    assert table.item(0, 0).text() == "FLAIR+T1+T1ce+T2"
    volumes = panel.controller.state.results[0].region_ml()
    assert [table.item(0, k).text() for k in (1, 2, 3)] == [
        f"{volumes[name]:.1f}" for name in ("ET", "TC", "WT")
    ]
    assert viewer.layers[-1].name == "seg · FLAIR+T1+T1ce+T2"


def test_a_region_without_a_voxel_is_not_found_rather_than_zero(qtbot, make_case):
    case, table = make_case(), VolumeTable()
    qtbot.addWidget(table)
    labels = np.full(case.grid.shape, 2, np.uint8)  # oedema alone
    table.show_results([Prediction("anna", case.task, case.grid, ("T2",), labels, {})], "T2")
    assert [table.item(0, k).text() for k in (1, 2)] == ["not found", "not found"]
    assert "does not mean absent" in table.item(0, 1).toolTip()
    assert "does not mean absent" not in table.item(0, 3).toolTip()


def test_button_and_bar_show_the_progress_of_a_job(
    qtbot, panel, viewer, make_case, engine, find, click
):
    engine.options = {"pause": 0.02, "windows": 40}
    add_case(viewer, make_case())
    button, bar = find(panel, "run", QPushButton), find(panel, "progress", QProgressBar)
    assert (button.text(), bar.isVisible()) == ("Segment", False)
    click(button)
    assert (button.text(), bar.isVisible()) == ("Cancel", True)
    assert not find(panel, "layer_T1").isEnabled()
    assert not find(panel, "models").isEnabled()
    qtbot.waitUntil(lambda: bar.value() > 1, timeout=10_000)
    assert bar.maximum() == 40
    click(button)
    assert (button.text(), button.isEnabled()) == ("Cancelling…", False)
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=10_000)
    assert (button.text(), bar.isVisible(), button.isEnabled()) == ("Segment", False, True)
    assert find(panel, "layer_T1").isEnabled()
    assert not any(layer.name.startswith("seg") for layer in viewer.layers)


def test_jobs_run_in_another_thread_and_layers_change_in_this_one(
    qtbot,
    panel,
    viewer,
    make_case,
    engine,
    find,
    click,
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    assert threading.get_ident() not in engine.sessions[0].threads


def test_unticking_segments_at_once(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    qtbot.waitUntil(lambda: len(panel.controller.state.results) == 2, timeout=10_000)
    assert viewer.layers[-1].name == "seg · FLAIR+T1+T2"
    assert find(panel, "volumes", QTableWidget).rowCount() == 2


def test_of_two_quick_toggles_the_last_one_wins(
    qtbot, panel, viewer, make_case, engine, find, click
):
    engine.options = {"pause": 0.02, "windows": 10}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    click(find(panel, "tick_T2"))
    qtbot.waitUntil(lambda: panel.controller.state.shown == "FLAIR+T1", timeout=10_000)
    assert [p.subset for p in panel.controller.state.results] == [
        ("FLAIR", "T1", "T1ce", "T2"),
        ("FLAIR", "T1"),
    ]


def test_a_click_on_a_row_shows_that_result(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    qtbot.waitUntil(lambda: len(panel.controller.state.results) == 2, timeout=10_000)
    table = find(panel, "volumes", QTableWidget)
    place = table.visualItemRect(table.item(0, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert viewer.layers["seg · FLAIR+T1+T1ce+T2"].visible
    assert not viewer.layers["seg · FLAIR+T1+T2"].visible


def test_a_layer_is_assigned_by_hand(qtbot, panel, viewer, make_case, find):
    add_case(viewer, make_case(present=("FLAIR",)))
    viewer.add_image(viewer.layers["FLAIR"].data + 1, name="contrast")
    combo = find(panel, "layer_T1ce", QComboBox)
    assert [combo.itemText(k) for k in range(combo.count())] == ["— none —", "contrast", "FLAIR"]
    viewer.layers["contrast"].name = "late contrast"
    assert combo.itemText(1) == "late contrast"
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert panel.controller.state.sources["T1ce"] is viewer.layers["late contrast"]
    assert find(panel, "tick_T1ce", QCheckBox).isChecked()
    combo.activated.emit(0)
    assert not find(panel, "tick_T1ce", QCheckBox).isEnabled()


def test_the_card_tells_licence_and_toggles(panel, find):
    text = find(panel, "card", QLabel).text()
    assert "research use only" in text
    assert "instant toggles" in text
    panel.controller.choose_model("slow")
    assert "every toggle is a full run" in find(panel, "card", QLabel).text()
    assert not find(panel, "update").isEnabled()
    assert find(panel, "models", QComboBox).currentText() == "slow"


def test_a_training_case_is_called_one(panel, viewer, make_case, engine):
    engine.trained_on = ("anna",)
    panel.controller.choose_model("instant")
    add_case(viewer, make_case())
    boxes = panel.inputs.models.findChildren(QLabel, "shaspec_message")
    shown = lambda text: any(text in box.text() and box.isVisible() for box in boxes)  # noqa: E731
    assert shown("Same name as a training case")
    panel.controller.state.seen = "by content"
    assert shown("Seen in training")


def test_an_error_is_shown_in_the_panel(qtbot, panel, viewer, make_case, engine, told, find, click):
    engine.options = {"error": OutOfMemoryError("not even windows of 32 voxels fit into memory")}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.FAILED, timeout=10_000)
    assert "not even windows" in panel.message.text()
    assert theme.colour("error") in panel.message.styleSheet()
    assert find(panel, "run", QPushButton).text() == "Segment"


def test_a_runtime_error_in_a_worker_ends_the_job(
    qtbot, panel, viewer, make_case, engine, told, find, click
):
    engine.options = {"error": RuntimeError("CUDA error: an illegal memory access")}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.FAILED, timeout=10_000)
    assert "illegal memory access" in panel.message.text()


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
    assert (tmp_path / "mine.nii.gz").is_file()


def test_an_invalid_model_folder_keeps_the_previous_model(
    qtbot,
    panel,
    monkeypatch,
    tmp_path,
    told,
    find,
    click,
):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    click(find(panel, "open_model"))
    assert find(panel, "models", QComboBox).currentText() == "instant"
    assert "no model" in panel.message.text()


def test_the_view_buttons_change_the_view(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    for view in (View.GRID, View.THREE_D, View.STACK):
        click(find(panel, f"view_{view.value}"))
        assert panel.controller.state.view is view
        assert find(panel, f"view_{view.value}", QPushButton).isChecked()


def test_every_button_has_a_tooltip(panel, viewer, make_case):
    add_case(viewer, make_case())
    for kind in (QPushButton, QCheckBox, QComboBox):
        for widget in panel.findChildren(kind):
            assert widget.toolTip(), (kind, widget.objectName())


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


def test_files_that_cannot_be_opened_are_named(panel, viewer, tmp_path, told):
    (tmp_path / "x_t1.nii").write_bytes(b"no volume" * 100)
    panel.controller.open([tmp_path / "x_t1.nii"])
    assert "x_t1.nii" in told[-1]
    (tmp_path / "notes.txt").write_text("no volume")
    panel.controller.open([tmp_path / "notes.txt"])
    assert "notes.txt" in told[-1]
    assert len(viewer.layers) == 0


def test_a_panel_that_is_closed_while_it_runs_ends_its_job(qtbot, viewer, make_case, engine):
    engine.options = {"pause": 0.02, "windows": 1000}
    panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
    add_case(viewer, make_case())
    control = panel.controller
    control.segment()
    qtbot.waitUntil(lambda: control.state.progress.done > 1, timeout=10_000)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    qtbot.waitUntil(lambda: engine.sessions[0].released == 1, timeout=10_000)
    assert engine.sessions[0].closed == 1
    assert not any(layer.name.startswith("seg") for layer in viewer.layers)


def test_the_panel_fits_a_small_screen(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    assert panel.minimumSizeHint().width() <= 340
    assert panel.minimumSizeHint().height() <= 400


def test_colours_follow_the_theme(qtbot, panel, find):
    from napari.settings import get_settings

    appearance = get_settings().appearance
    before = appearance.theme
    button = find(panel, "run", QPushButton)
    try:
        sheets = set()
        for name in ("dark", "light"):
            appearance.theme = name
            assert theme.colour("current") in button.styleSheet()
            sheets.add(button.styleSheet())
        assert len(sheets) == 2
    finally:
        appearance.theme = before


@pytest.mark.parametrize(
    ("chosen", "kind", "wanted"),
    [
        ("anna_seg", "NIfTI (*.nii.gz *.nii)", "anna_seg.nii.gz"),
        ("anna_seg.nii", "NIfTI (*.nii.gz *.nii)", "anna_seg.nii"),
        ("anna_seg.seg.nrrd", "NIfTI (*.nii.gz *.nii)", "anna_seg.seg.nrrd"),
        ("anna_seg.nii.gz", SLICER, "anna_seg.seg.nrrd"),
        ("anna_seg", SLICER, "anna_seg.seg.nrrd"),
        ("anna_seg.nii.gz", SIZES, "anna_seg.csv"),
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
    qtbot, panel, viewer, make_case, told, find, click
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    click(find(panel, "copy"))
    assert clipboard.text() == "before"
    assert "did not come from a file" in told[-1]
    facts = panel.controller.state.results[0].provenance
    facts |= dict.fromkeys(("source", "subset", "overlap"), "x") | {"window": [8, 8, 8]}
    facts["files"] = {name: f"{name}.nii" for name in panel.controller.state.present}
    click(find(panel, "copy"))
    assert clipboard.text().startswith("shaspec predict FLAIR=FLAIR.nii T1=T1.nii")
    assert "command copied" in find(panel, "message", QLabel).text()
