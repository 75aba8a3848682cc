"""A case of another task than the chosen model's: a listed model of its task is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.layer_data import case_layers
from napari_shaspec.segment.controller import SegmentController
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.task import Task, load_task

LIVER = load_task("liver-ct")


@pytest.fixture
def control(
    viewer: ViewerModel, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SegmentController]:
    """Models `instant` and `slow` for gliomas, `liver` for livers."""
    card = engine.card
    liver = card("slow").model_copy(update={"task": LIVER})
    monkeypatch.setattr(engine, "models", lambda: ["instant", "slow", "liver"])
    monkeypatch.setattr(engine, "card", lambda m: liver if m == "liver" else card(m))
    control = SegmentController(viewer, engine=engine, run=run_here)
    yield control
    control.close()


def open_case(viewer: ViewerModel, task: Task, name: str, *present: str) -> None:
    shape = (8, 10, 12)
    volumes = {n: np.zeros(shape, np.float32) for n in present}
    case = Case(name, task, Grid(shape, (1.0, 1.0, 1.0)), volumes)
    viewer.layers.extend([Layer.create(*data) for data in case_layers(case)])


@pytest.mark.parametrize("present", [("venous",), ("arterial", "venous")])
def test_a_liver_case_gets_the_liver_model_and_fills_its_rows(
    control: SegmentController, viewer: ViewerModel, present: tuple[str, ...]
) -> None:
    assert control.state.model == "instant"
    open_case(viewer, LIVER, "anna", *present)
    assert control.state.model == "liver"
    assert control.state.present == set(present)
    assert control.state.case == "anna"


def test_a_notification_says_once_which_model_was_chosen_and_why(
    control: SegmentController, viewer: ViewerModel, notifications: list[str]
) -> None:
    open_case(viewer, LIVER, "anna", "arterial", "venous")
    assert notifications == ["anna is a case of task liver-ct, so model liver was chosen."]


def test_a_model_of_the_same_task_stays(
    control: SegmentController, viewer: ViewerModel, task: Task
) -> None:
    assert control.choose_model("slow")
    open_case(viewer, task, "berta", "T1", "T2")
    assert control.state.model == "slow"
    assert control.state.present == {"T1", "T2"}


def test_a_glioma_after_a_liver_gets_the_first_model_of_its_task(
    control: SegmentController, viewer: ViewerModel, task: Task
) -> None:
    open_case(viewer, LIVER, "anna", "venous")
    open_case(viewer, task, "berta", "FLAIR")
    assert control.state.model == "instant"
    assert control.state.present == {"FLAIR"}


def test_layers_of_the_user_and_cases_without_a_model_change_nothing(
    control: SegmentController, viewer: ViewerModel
) -> None:
    viewer.add_image(np.zeros((8, 10, 12)), name="arterial")
    other = LIVER.model_copy(update={"name": "pelvis-ct"})
    open_case(viewer, other, "carl", "venous")
    assert control.state.model == "instant"


def test_a_closed_panel_follows_no_case(control: SegmentController, viewer: ViewerModel) -> None:
    control.close()
    open_case(viewer, LIVER, "anna", "venous")
    assert control.state.model == "instant"


def test_a_panel_that_opens_after_a_case_of_another_task_gets_its_model(
    engine: Any, viewer: ViewerModel, control: SegmentController
) -> None:
    control.close()
    open_case(viewer, LIVER, "anna", "arterial", "venous")
    later = SegmentController(viewer, engine=engine, run=run_here)
    try:
        assert later.state.model == "liver"
        assert later.state.case == "anna"
        assert later.state.present == {"arterial", "venous"}
    finally:
        later.close()


@pytest.mark.parametrize(("last", "model"), [("anna", "liver"), ("berta", "instant")])
def test_of_two_cases_the_last_one_decides_the_model_of_a_new_panel(
    engine: Any, viewer: ViewerModel, control: SegmentController, task: Task, last: str, model: str
) -> None:
    control.close()
    cases = {"anna": (LIVER, "venous"), "berta": (task, "FLAIR")}
    for name in sorted(cases, key=lambda name: name == last):
        open_case(viewer, cases[name][0], name, cases[name][1])
    later = SegmentController(viewer, engine=engine, run=run_here)
    try:
        assert later.state.model == model
        assert later.state.case == last
        assert later.state.present == {cases[last][1]}
    finally:
        later.close()
