"""A case whose scans are not registered is prepared from the panel, into a new folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QComboBox, QDialog, QLabel, QLineEdit, QPushButton

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.prepare_dialog import DoubtDialog, PicturesDialog, PrepareDialog
from shaspec.errors import InputError
from shaspec.io import write_case
from shaspec.io.export import write_volume
from shaspec.preparation import DoubtfulError
from shaspec.preparation.overlay import overlay_png
from shaspec.preparation.transforms import NAME
from tests.napari_shaspec.poses import DOUBTFUL, REGISTER, scans


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
    assert state.message.level == "warning", "a question is no error"
    assert state.case == "p1"
    count = len(registered)
    controller.preparing.decide(decision)
    assert len(registered) == count
    assert state.doubtful is None
    assert state.case == "out"
    assert (state.sources["T2"] is not None) == (decision == "use")


def test_a_look_at_every_registration_is_no_error(controller, acquired, registered):
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"), check=True)
    state = controller.state
    assert state.doubtful.modality == "T2"
    assert (state.message.level, state.status) == ("info", Status.IDLE)
    assert "T2 was moved" in state.message.text
    controller.preparing.decide("use")
    assert state.case == "out"


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

    monkeypatch.setattr(REGISTER, register)
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
