"""Toggles of modalities in the panel *Segment*: which segment at once, and which wait."""

from __future__ import annotations

import pytest

from napari_shaspec.jobs.runner import guarded
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController


def test_a_toggle_segments_at_once_where_features_are_kept(controller, viewer, segmented, engine):
    controller.tick("T1ce", False)
    assert engine.sessions[0].begun == ["FLAIR+T1+T1ce+T2", "FLAIR+T1+T2"]
    assert len(engine.sessions) == 1
    assert controller.state.shown == "FLAIR+T1+T2"
    assert viewer.canvas.overlays.missing.text == "without T1ce"
    assert viewer.layers["T1ce"].opacity == pytest.approx(0.25)
    visible = {la.name: la.visible for la in viewer.layers if la.name.startswith("seg")}
    assert visible == {"seg · FLAIR+T1+T1ce+T2": False, "seg · FLAIR+T1+T2": True}


def test_ticking_again_gives_the_opacity_back_that_the_user_had(controller, viewer, make_case):
    add_case(viewer, make_case())
    viewer.layers["T1ce"].opacity = 0.8
    controller.tick("T1ce", False)
    controller.tick("T1ce", True)
    assert viewer.layers["T1ce"].opacity == pytest.approx(0.8)
    assert not viewer.canvas.overlays.missing.visible


def test_a_toggle_waits_for_the_button_where_the_model_needs_a_full_run(
    controller, viewer, make_case, engine
):
    controller.choose_model("slow")
    add_case(viewer, make_case())
    controller.segment()
    controller.tick("T1", False)
    assert engine.sessions[0].begun == ["FLAIR+T1+T1ce+T2"]
    assert "Press Segment" in controller.state.message.text


def test_a_toggle_waits_for_the_button_where_the_user_wants_that(
    controller, viewer, segmented, engine
):
    controller.update_when_toggled(False)
    controller.tick("T1", False)
    assert engine.sessions[0].begun == ["FLAIR+T1+T1ce+T2"]


def test_a_toggle_to_a_modality_that_was_never_encoded_waits(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.tick("T1", False)
    controller.segment()
    controller.tick("T1", True)
    assert engine.sessions[0].begun == ["FLAIR+T1ce+T2"]
    controller.segment()
    assert engine.sessions[0].begun[-1] == "FLAIR+T1+T1ce+T2"
    assert len(engine.sessions) == 1


def test_of_two_quick_toggles_the_last_one_wins(controller, viewer, segmented, engine):
    seen = []

    def toggle(progress):
        if progress.done == 1 and not seen:
            seen.append(progress)
            controller.tick("T2", False)
            controller.tick("T1ce", False)

    controller.state.events.progress.connect(toggle)
    controller.tick("T1", False)
    assert engine.sessions[0].begun == ["FLAIR+T1+T1ce+T2", "FLAIR+T1ce+T2", "FLAIR"]
    assert controller.state.shown == "FLAIR"
    assert "seg · FLAIR+T1ce+T2" not in viewer.layers


def test_a_toggle_between_the_result_and_the_end_of_its_job_waits_for_the_end(
    viewer, make_case, engine
):
    """A worker is through a moment after its last event; two jobs at once would share a session."""
    jobs = []

    def run_later(state, handlers, stop):
        jobs.append((guarded(state, stop), handlers))

    control = SegmentController(viewer, engine=engine, run=run_later)
    add_case(viewer, make_case())
    control.segment()
    events, handlers = jobs[0]
    for event in events:
        handlers.event(event)
    assert control.state.results
    control.tick("T1", False)
    assert len(jobs) == 1
    handlers.ended()
    assert len(jobs) == 2
    events, handlers = jobs[1]
    for event in events:
        handlers.event(event)
    handlers.ended()
    assert control.state.status is Status.DONE
    assert control.state.shown == "FLAIR+T1ce+T2"
    control.close()


def test_toggling_there_and_back_does_not_restart_the_job(controller, viewer, segmented, engine):
    seen = []

    def toggle(progress):
        if not seen:
            seen.append(progress)
            controller.tick("T1", True)
            controller.tick("T1", False)

    controller.state.events.progress.connect(toggle)
    controller.tick("T1", False)
    assert controller.state.shown == "FLAIR+T1ce+T2"


def test_toggling_back_during_a_job_ends_with_the_ticked_subset(viewer, make_case, engine):
    """The job was told to end at the first toggle: its result does not come any more."""
    jobs = []
    control = SegmentController(
        viewer,
        engine=engine,
        run=lambda state, handlers, stop: jobs.append((state, handlers, stop)),
    )

    def run_last():
        state, handlers, stop = jobs[-1]
        for event in guarded(state, stop):
            handlers.event(event)
        handlers.ended()

    add_case(viewer, make_case())
    control.segment()
    run_last()
    control.tick("T1", False)
    control.tick("T1", True)
    control.tick("T1", False)
    run_last()
    run_last()
    assert control.state.status is Status.DONE
    assert control.state.shown == "FLAIR+T1ce+T2"
    assert "cancelled" not in control.state.message.text
    control.close()
