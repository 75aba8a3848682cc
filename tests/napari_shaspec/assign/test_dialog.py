"""The dialog in a real window: what it shows, when it can be accepted, that it fits a screen."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManifest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QComboBox, QLabel, QPushButton

from napari_shaspec.assign.choices import Choices
from napari_shaspec.assign.dialog import AssignDialog
from napari_shaspec.assign.option_dialog import OptionDialog
from napari_shaspec.assign.preview import SIDE, preview
from napari_shaspec.jobs.runner import run_here
from shaspec.errors import UndecidedError
from shaspec.geometry import Grid
from shaspec.io import write_volume

FLAIR, T1, UNCLEAR = "AX T2 FLAIR.nii.gz", "mprage_sag.nii.gz", "t1_delayed.nii.gz"
LONG = f"{'an_additional_series_of_this_patient_' * 3}.nii.gz"


@pytest.fixture
def folder(tmp_path, make_case) -> Path:
    case, place = make_case(), tmp_path / "meier"
    place.mkdir()
    for name, modality in ((FLAIR, "FLAIR"), (T1, "T1"), (UNCLEAR, "T1ce"), (LONG, "T2")):
        write_volume(place / name, case.volumes[modality], case.grid)
    return place


@pytest.fixture
def dialog(qtbot, folder, task) -> AssignDialog:
    made = AssignDialog(Choices(folder, task), "why", run=run_here)
    qtbot.addWidget(made)
    yield made
    made.end()


def combo(dialog: AssignDialog, name: str) -> QComboBox:
    names = [row.file.name for row in dialog._choices.rows]
    return dialog.findChild(QComboBox, f"shaspec_role_{names.index(name)}")


def pick(dialog: AssignDialog, name: str, role: str) -> None:
    box = combo(dialog, name)
    box.setCurrentIndex(box.findData(role))
    box.activated.emit(box.currentIndex())


def status(dialog: AssignDialog) -> str:
    return dialog.findChild(QLabel, "shaspec_assign_status").text().replace("\u200b", "")


def test_it_can_be_accepted_only_with_a_usable_assignment(dialog):
    height = dialog.status.height()
    assert not dialog.ok.isEnabled()
    assert status(dialog) == f"Choose what {UNCLEAR} is."
    pick(dialog, UNCLEAR, "T1")
    assert not dialog.ok.isEnabled()
    assert f"{UNCLEAR} and {T1} are both T1" in status(dialog)
    pick(dialog, UNCLEAR, "T1ce")
    assert dialog.ok.isEnabled()
    assert status(dialog) == "Opens FLAIR, T1, T1ce. Missing: T2."
    for name in (FLAIR, T1, UNCLEAR):
        pick(dialog, name, "")
    assert "at least one of FLAIR, T1, T1ce, T2" in status(dialog)
    assert not dialog.ok.isEnabled()
    assert dialog.status.height() == height


def test_the_files_are_only_remembered_if_the_user_wants_that(dialog, monkeypatch):
    stored = []
    monkeypatch.setattr(Choices, "remember", lambda choices: stored.append(choices))
    dialog.remember.setChecked(False)
    dialog.accept()
    assert stored == []
    dialog.remember.setChecked(True)
    dialog.accept()
    assert stored == [dialog._choices]


def test_the_grid_is_offered_only_where_grids_differ(qtbot, folder, task, make_case):
    same = AssignDialog(Choices(folder, task), "", run=run_here)
    qtbot.addWidget(same)
    assert same.grid.parentWidget().isHidden()
    write_volume(folder / T1, np.ones((5, 6, 7), np.float32), Grid((5, 6, 7), (4.0, 4.0, 4.0)))
    choices = Choices(folder, task)
    other = AssignDialog(choices, "", run=run_here)
    qtbot.addWidget(other)
    assert not other.grid.parentWidget().isHidden()
    assert [other.grid.itemData(k) for k in range(other.grid.count())] == ["", "T1", "finest"]
    other.grid.activated.emit(1)
    assert choices.grid == "T1"
    pick(other, T1, "")
    assert choices.grid == ""
    assert other.grid.parentWidget().isHidden()


def test_a_preview_is_the_middle_axial_slice_with_square_pixels(tmp_path):
    array = np.zeros((9, 20, 10), np.float32)
    array[4, :, 5:] = np.arange(1, 101).reshape(20, 5)  # on the left of the patient
    path = write_volume(tmp_path / "a.nii.gz", array, Grid(array.shape, (3.0, 1.0, 2.0)))
    shown = preview(path)
    assert shown.size == "10 × 20 × 9\n2 × 1 × 3 mm"
    assert shown.picture.shape == (SIDE, SIDE)
    assert shown.picture[:, : SIDE // 3].max() == 0
    assert shown.picture[:, -SIDE // 3 :].mean() > 50
    labels = np.zeros((9, 20, 10), np.float32)
    labels[1, 5:9, 5:9] = 1
    path = write_volume(tmp_path / "b.nii.gz", labels, Grid(array.shape, (1.0, 1.0, 1.0)))
    assert preview(path).picture.any()


def test_every_channel_of_a_4d_file_has_a_picture(tmp_path, qtbot, task):
    path = tmp_path / "scans.nii.gz"
    voxels = np.random.default_rng(0).random((10, 20, 9, 4)).astype(np.float32)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    made = AssignDialog(Choices(path, task), "", run=run_here)
    qtbot.addWidget(made)
    shown = [la for la in made.table.findChildren(QLabel) if not la.pixmap().isNull()]
    assert len(shown) == 4
    assert len({la.pixmap().toImage().pixel(9, 9) for la in shown}) > 1
    assert status(made) == "Opens FLAIR, T1, T1ce, T2."


def test_a_file_that_cannot_be_read_says_why(folder, qtbot, task):
    (folder / FLAIR).write_bytes(b"no")
    made = AssignDialog(Choices(folder, task), "", run=run_here)
    qtbot.addWidget(made)
    texts = [label.text() for label in made.table.findChildren(QLabel)]
    assert any(text.startswith("cannot be read") for text in texts)
    assert preview(folder / "x.wav").size == "sound"


def test_a_question_with_two_answers_has_a_button_for_each(qtbot):
    error = UndecidedError("x.nii: where?", "see --y", "labels_by_voxel", {"Here": 1, "There": 2})
    made = OptionDialog(error, "Neither")
    qtbot.addWidget(made)
    buttons = {button.text(): button for button in made.findChildren(QPushButton)}
    assert set(buttons) == {"Here", "There", "Neither"}
    buttons["There"].click()
    assert made.value == 2


def test_a_list_has_no_answer_until_one_is_chosen(qtbot):
    error = UndecidedError("x.nii: which?", "see --scheme", "scheme", {"2023": "a", "2024": "b"})
    made = OptionDialog(error)
    qtbot.addWidget(made)
    use = next(b for b in made.findChildren(QPushButton) if b.text() == "Use this one")
    assert not use.isEnabled()
    made.list.setCurrentIndex(2)
    use.click()
    assert made.value == "b"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_in_napari_the_dialog_shows_every_file_in_full(
    make_napari_viewer, plugin_settings, npe2pm, monkeypatch, qtbot, engine, folder, theme
):
    from napari.settings import get_settings

    from napari_shaspec import chosen_engine

    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    get_settings().appearance.theme = theme
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    found = {}

    def look() -> None:
        made = QApplication.activeModalWidget()
        if not isinstance(made, AssignDialog) or len(made._grids) < 4:
            QTimer.singleShot(50, look)  # the pictures are made in a worker
            return
        image = made.grab().toImage()
        found["size"] = (image.width(), image.height())
        found["cut"] = [
            label.text()
            for label in made.table.findChildren(QLabel)
            if label.isVisible() and label.heightForWidth(label.width()) > label.height()
        ]
        pictures = [la for la in made.table.findChildren(QLabel) if not la.pixmap().isNull()]
        found["pictures"] = len(pictures)
        pick(made, UNCLEAR, "T1ce")
        pick(made, LONG, "T2")
        made.ok.click()

    QTimer.singleShot(50, look)
    panel.controller.open([folder])
    assert found["pictures"] == 4
    assert found["cut"] == []
    assert found["size"][0] <= 1366
    assert found["size"][1] <= 768
    assert panel.controller.state.present == {"FLAIR", "T1", "T1ce", "T2"}
    assert panel.controller.state.recent == ()
