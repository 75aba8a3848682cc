"""Registrations are looked at, and scans are placed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.segment import prepare_questions
from napari_shaspec.segment.nudge_dialog import NudgeDialog
from napari_shaspec.segment.prepare_dialog import DoubtDialog
from napari_shaspec.widgets.canvas_marks import pixels_of
from shaspec.preparation import read_transforms
from shaspec.preparation.nudge import Nudge
from shaspec.registration import Rigid
from tests.napari_shaspec.poses import SOUND, scans


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
        return [pixels_of(image).tobytes() for image in images]

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
