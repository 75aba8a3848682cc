"""A case whose scans are not registered is prepared from the panel, into a new folder."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
)

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment import prepare_questions
from napari_shaspec.segment.nudge_dialog import NudgeDialog
from napari_shaspec.segment.prepare_dialog import DoubtDialog, PicturesDialog, PrepareDialog
from shaspec.errors import InputError
from shaspec.io import write_case
from shaspec.io.export import write_volume
from shaspec.io.resample import resample
from shaspec.io.volumes import Volume
from shaspec.phantom import make_case as make_phantom
from shaspec.preparation import DoubtfulError, read_transforms
from shaspec.preparation.nudge import Nudge
from shaspec.preparation.overlay import overlay_png
from shaspec.preparation.transforms import NAME
from shaspec.registration import Registration, Rigid

PREPARE = sys.modules["shaspec.preparation.prepare"]  # the package has a function of this name
POSE = Rigid.about((0, 0, 0), (0.1, -0.15, 0.1), (9, -12, 6))
DOUBTFUL = Registration(POSE, 0.1, 0.2, distance=12.0, spread=9.0)
SOUND = replace(DOUBTFUL, spread=0.1)


@pytest.fixture(scope="module")
def head():
    return make_phantom(9_000_004, (40, 50, 42), (4.0, 4.0, 4.0)).only(("FLAIR", "T1", "T2"))


@pytest.fixture
def acquired(head, tmp_path) -> Path:
    """A folder whose T2 was acquired in another pose."""
    folder = tmp_path / "p1"
    write_case(folder, head)
    t2 = next(path for path in folder.iterdir() if "t2" in path.name)
    moved = resample(
        head.volumes["T2"], head.grid, head.grid, order=1, fill=0, through=POSE.inverse.matrix
    )
    write_volume(t2, moved, head.grid)
    return folder


@pytest.fixture
def registered(monkeypatch) -> list[str]:
    """Registration without its work: T2 is moved, or doubtful; what was registered."""
    asked: list[str] = []

    def register(_fixed, moving, **_options):
        asked.append(Path(moving.name).name)
        found = SOUND if "t2" in asked[-1] else Registration(Rigid(), 0.2, 0.2, 0.0, 0.0)
        return replace(found, spread=9.0) if found is SOUND and "doubt" in asked else found

    monkeypatch.setattr(PREPARE, "register", register)
    return asked


def scans(head) -> dict[str, Volume]:
    return {
        name: Volume(array, head.grid, Path(f"x_{name.lower()}.nii.gz"))
        for name, array in head.volumes.items()
    }


def layers_of(viewer, case: str) -> set[str]:
    return {la.metadata["shaspec"]["path"].name for la in viewer.layers
            if la.metadata.get("shaspec", {}).get("case") == case}  # fmt: skip


def test_scans_out_of_register_are_offered_to_be_prepared(controller, acquired):
    controller.open([acquired])
    assert "not registered" in controller.state.unprepared[0]
    assert "shaspec prepare" not in controller.state.unprepared[0]
    assert controller.preparing.proposed_folder() == acquired.with_name("p1_prepared")
    assert controller.preparing.modalities == ("FLAIR", "T1", "T2")


def test_a_sound_case_is_not(controller, head, tmp_path):
    write_case(tmp_path / "p1", head)
    controller.open([tmp_path / "p1"])
    assert (controller.state.unprepared, controller.state.pictures) == ((), ())


def test_the_prepared_case_is_opened_beside_the_first_one(controller, viewer, acquired, registered):
    controller.open([acquired])
    before = {path: path.read_bytes() for path in acquired.iterdir()}
    out = controller.preparing.proposed_folder()
    controller.preparing.prepare(out)
    state = controller.state
    assert (state.cases, state.case) == (("p1", "p1_prepared"), "p1_prepared")
    assert layers_of(viewer, "p1") == {path.name for path in acquired.iterdir()}
    assert {path: path.read_bytes() for path in acquired.iterdir()} == before
    assert "T2: moved by up to 12.0 mm" in state.message.text
    assert state.unprepared == ()
    assert [path.name for path in state.pictures] == ["t2_on_flair.png"]
    assert (out / NAME).is_file()
    assert any("seg" in path.name for path in out.iterdir()), "the truth moves with the scans"


def test_another_preparation_gets_another_folder(controller, acquired, registered):
    controller.open([acquired])
    (acquired.parent / "p1_prepared").mkdir()
    assert controller.preparing.proposed_folder() == acquired.with_name("p1_prepared_2")


@pytest.mark.parametrize("decision", ["use", "leave out"])
def test_after_a_doubt_the_work_goes_on_without_registering_again(
    controller, acquired, registered, decision
):
    registered.append("doubt")
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"))
    state = controller.state
    assert state.doubtful.modality == "T2"
    assert state.doubtful.picture.is_file()
    assert "--accept" not in state.message.text
    assert state.case == "p1"
    count = len(registered)
    controller.preparing.decide(decision)
    assert len(registered) == count
    assert state.doubtful is None
    assert state.case == "out"
    assert (state.sources["T2"] is not None) == (decision == "use")


def test_a_doubt_that_is_left_open_leaves_all_as_it_was(controller, acquired, registered):
    registered.append("doubt")
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"))
    controller.preparing.decide("cancel")
    assert controller.state.cases == ("p1",)
    assert "was not prepared" in controller.state.message.text
    assert not list(acquired.with_name("out").glob("*.nii.gz"))


def test_a_case_that_cannot_be_opened_is_offered_too(controller, head, tmp_path, registered):
    folder = tmp_path / "p1"
    write_case(folder, head)
    t2 = next(path for path in folder.iterdir() if "t2" in path.name)
    far = replace(head.grid, origin=tuple(value + 500 for value in head.grid.origin))
    write_volume(t2, head.volumes["T2"], far)
    controller.open([folder])
    state = controller.state
    assert state.message.level == "error"
    assert state.unprepared
    assert controller.preparing.proposed_folder() == tmp_path / "p1_prepared"
    controller.preparing.prepare(tmp_path / "out")
    assert state.case == "out"


def test_layers_without_files_are_refused_by_name(controller, viewer, make_case):
    add_case(viewer, make_case())
    assert controller.preparing.proposed_folder() is None
    assert "was not read from a file" in controller.state.message.text


def test_without_a_case_the_message_says_what_to_do(controller):
    assert controller.preparing.proposed_folder() is None
    assert "open its folder first" in controller.state.message.text


def test_the_folder_of_the_case_is_refused(controller, acquired, registered):
    controller.open([acquired])
    controller.preparing.prepare(acquired)
    assert controller.state.message.level == "error"
    assert controller.state.cases == ("p1",)


def test_the_panel_asks_prepares_and_shows_pictures(
    panel, qtbot, acquired, registered, find, click
):
    state = panel.controller.state
    bar = find(panel, "prepare_bar")
    assert bar.isHidden()
    panel.controller.open([acquired])
    assert not bar.isHidden()
    assert "not registered" in bar.findChild(QLabel).text().replace("\u200b", "")

    def answer() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PrepareDialog))
        line = dialog.findChild(QLineEdit, "shaspec_prepare_folder")
        assert line.text() == str(acquired.with_name("p1_prepared"))
        reference = dialog.findChild(QComboBox, "shaspec_prepare_reference")
        reference.setCurrentIndex(reference.findData("T1"))
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Prepare").click()

    QTimer.singleShot(0, answer)
    click(find(panel, "prepare", QPushButton))
    qtbot.waitUntil(lambda: state.case == "p1_prepared", timeout=30_000)
    qtbot.waitUntil(lambda: not state.status.busy)
    assert "T1 is the reference" in state.message.text
    assert not find(panel, "prepare", QPushButton).isVisible()
    seen: list[list[str]] = []

    def look() -> None:
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PicturesDialog))
        seen.append([label.text() for label in dialog.findChildren(QLabel) if label.text()])
        assert all(not la.pixmap().isNull() for la in dialog.findChildren(QLabel) if not la.text())
        dialog.reject()

    QTimer.singleShot(0, look)
    click(find(panel, "prepared_pictures", QPushButton))
    assert seen == [["registration: t2 on t1"]]


def test_a_cancelled_preparation_writes_no_volume(panel, qtbot, acquired, monkeypatch):
    import threading

    reported = threading.Event()

    def register(_fixed, _moving, *, progress, **_options):
        for number in range(10_000):
            progress(number, 10_000, "searching")
            reported.set()
        raise AssertionError("not cancelled")

    monkeypatch.setattr(PREPARE, "register", register)
    control = panel.controller
    control.open([acquired])
    control.preparing.prepare(acquired.with_name("out"))
    qtbot.waitUntil(reported.is_set)
    control.cancel()
    qtbot.waitUntil(lambda: not control.state.status.busy, timeout=30_000)
    assert control.state.cases == ("p1",)
    assert not list(acquired.with_name("out").rglob("*.nii.gz"))


@pytest.mark.parametrize(
    ("text", "decision"), [("Use T2", "use"), ("Leave it out", "leave out"), ("Cancel", "cancel")]
)
def test_the_dialog_of_a_doubt_shows_the_picture(qtbot, head, tmp_path, text, decision):
    picture = tmp_path / "t2_on_t1.png"
    volumes = np.asarray(head.volumes["T1"]), np.asarray(head.volumes["T2"])
    picture.write_bytes(overlay_png(*volumes, head.grid, ("T1", "T2")))
    error = DoubtfulError("T2", "T1", scans(head), picture, {"T2": DOUBTFUL})
    assert isinstance(error, InputError)
    dialog = DoubtDialog(error)
    qtbot.addWidget(dialog)
    shown = [label.pixmap() for label in dialog.findChildren(QLabel) if not label.text()]
    assert [pixmap.isNull() for pixmap in shown] == [False]
    next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == text).click()
    assert dialog.decision == decision
    assert dialog.result() == (QDialog.DialogCode.Rejected if decision == "cancel" else 1)


def test_every_registration_can_be_asked_about(controller, acquired, registered):
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"), check=True)
    state = controller.state
    assert state.doubtful.modality == "T2"
    assert "T2 was moved by up to 12.0 mm" in state.message.text
    controller.preparing.decide("use")
    assert state.case == "out"


def test_a_scan_that_was_placed_by_hand_is_used_without_a_question(
    controller, acquired, registered
):
    registered.append("doubt")
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"), check=True)
    error = controller.state.doubtful
    nudge = Nudge(error.fixed, error.moving, error.found["T2"])
    placed = nudge.moved((3, 0, -2), (0, 5, 0))
    controller.preparing.decide("use", placed)
    state = controller.state
    assert state.case == "out"
    assert "T2: placed by hand: moved by up to" in state.message.text
    written = read_transforms(acquired.with_name("out")).found["T2"]
    assert written.by_hand
    np.testing.assert_allclose(written.transform.matrix, placed.transform.matrix)


def test_the_pictures_follow_the_numbers(qtbot, head):
    volumes = scans(head)
    nudge = Nudge(volumes["T1"], volumes["T2"], replace(SOUND, transform=Rigid()))
    dialog = NudgeDialog(nudge, "T2", run=run_here)
    qtbot.addWidget(dialog)

    def seen() -> list[bytes]:
        images = [label.pixmap().toImage() for label in dialog.pictures]
        return [bytes(image.constBits().asarray(image.sizeInBytes())) for image in images]

    before = seen()
    dialog.findChild(QDoubleSpinBox, "shaspec_nudge_left").setValue(12)
    axial, coronal, sagittal = (a != b for a, b in zip(before, seen(), strict=True))
    assert axial
    assert coronal
    assert sagittal
    moved = dialog.registration.transform.matrix
    np.testing.assert_allclose(moved[:3, 3], (-12, 0, 0), atol=1e-9)
    dialog.findChild(QDoubleSpinBox, "shaspec_nudge_left").setValue(0)
    assert seen() == before
    dialog.findChild(QCheckBox, "shaspec_nudge_fields").setChecked(True)
    assert seen() != before
    dialog.end()


def test_poses_that_come_while_one_is_drawn_are_drawn_once(qtbot, head):
    started, volumes = [], scans(head)
    nudge = Nudge(volumes["T1"], volumes["T2"], replace(SOUND, transform=Rigid()))
    dialog = NudgeDialog(nudge, "T2", run=lambda work, handlers, stop: started.append(handlers))
    qtbot.addWidget(dialog)
    box = dialog.findChild(QDoubleSpinBox, "shaspec_nudge_up")
    for value in (1, 2, 3):
        box.setValue(value)
    assert len(started) == 1
    started[0].ended()
    assert len(started) == 2
    started[1].ended()
    assert len(started) == 2
    dialog.end()


@pytest.mark.parametrize("used", [True, False])
def test_the_question_leads_to_the_numbers_and_back(
    qtbot, panel, acquired, registered, used, monkeypatch
):
    asked = []

    def doubt(dialog):
        asked.append("doubt")
        return DoubtDialog.ADJUST if len(asked) == 1 else 0

    def nudge(dialog):
        asked.append("numbers")
        return int(used)

    monkeypatch.setattr(DoubtDialog, "exec", doubt)
    monkeypatch.setattr(NudgeDialog, "exec", nudge)
    monkeypatch.setattr(prepare_questions, "later", lambda call: None)
    control = panel.controller
    control.open([acquired])
    control.preparing.prepare(acquired.with_name("out"), check=True)
    qtbot.waitUntil(lambda: control.state.doubtful is not None, timeout=30_000)
    qtbot.waitUntil(lambda: not control.state.status.busy)
    questions = prepare_questions.PrepareQuestions(panel, control)
    questions._ask()
    assert asked == (["doubt", "numbers"] if used else ["doubt", "numbers", "doubt"])
    if used:
        qtbot.waitUntil(lambda: control.state.case == "out", timeout=30_000)
        qtbot.waitUntil(lambda: not control.state.status.busy)
