"""What can be done in a viewer, on a `ViewerModel` and with a session that only pretends."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_shaspec.jobs.runner import guarded
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController
from shaspec.errors import OutOfMemoryError


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_layers_of_a_case_fill_the_rows_and_are_ticked(controller, viewer, make_case):
    add_case(viewer, make_case(present=("FLAIR", "T2")))
    state = controller.state
    assert {n: la and la.name for n, la in state.sources.items()} == {
        "FLAIR": "FLAIR",
        "T1": None,
        "T1ce": None,
        "T2": "T2",
    }
    assert state.present == {"FLAIR", "T2"}
    assert state.case == "anna"
    assert viewer.canvas.overlays.missing.text == "without T1, T1ce"


def test_segment_adds_a_layer_named_after_the_subset(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    assert controller.state.status is Status.DONE
    assert names(viewer)[-1] == "seg · FLAIR+T1+T1ce+T2"
    layer = viewer.layers[-1]
    np.testing.assert_array_equal(layer.scale, (2.0, 1.5, 1.0))
    np.testing.assert_array_equal(layer.translate, (-30.0, -20.0, -10.0))
    assert "done in 1.2 s on cpu" in controller.state.message.text


def test_the_view_moves_to_the_first_result_if_it_is_not_visible(controller, viewer, make_case):
    add_case(viewer, make_case())
    viewer.dims.set_point(0, -30.0)  # the first slice, which has none of it
    controller.segment()
    labels = viewer.layers[-1]
    assert labels.data[round(labels.world_to_data(viewer.dims.point)[0])].any()
    for point in (-30.0, -10.0):  # from then on, and where there is some of it, the user's slice
        viewer.dims.set_point(0, point)
        controller.tick("T1", "T1" not in controller.state.present)
        assert viewer.dims.point[0] == point


def test_a_toggle_segments_at_once_where_features_are_kept(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
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
    controller, viewer, make_case, engine
):
    add_case(viewer, make_case())
    controller.segment()
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


def test_the_same_subset_again_updates_its_layer(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    before = names(viewer)
    layer = viewer.layers[-1]
    controller.segment()
    assert names(viewer) == before
    assert viewer.layers[-1] is layer
    assert len(controller.state.results) == 1


def test_no_modality_ticked_is_refused_with_a_sentence(controller, viewer, make_case, told):
    add_case(viewer, make_case(present=("T1",)))
    controller.tick("T1", False)
    controller.segment()
    assert controller.state.status is Status.IDLE
    assert controller.state.message.level == "error"
    assert "tick at least one" in told[-1]


def test_without_layers_the_next_step_is_named(controller, told):
    assert "Open a case" in controller.state.message.text
    controller.segment()
    assert "no layer is assigned" in told[-1]


def test_a_model_that_cannot_be_opened_leaves_the_old_one(controller, told):
    assert not controller.choose_model("/nowhere")
    assert controller.state.model == "instant"
    assert "no model" in told[-1]


def test_an_engine_error_is_shown_and_all_results_stay(controller, viewer, make_case, engine, told):
    add_case(viewer, make_case())
    controller.segment()
    before = names(viewer)
    engine.sessions[0].error = OutOfMemoryError("not even windows of 32 voxels fit")
    controller.tick("T2", False)
    assert controller.state.status is Status.FAILED
    assert "not even windows" in controller.state.message.text
    assert "not even windows" in told[-1]
    assert names(viewer) == before
    engine.sessions[0].error = None
    controller.segment()
    assert controller.state.status is Status.DONE
    assert len(engine.sessions) == 2


def test_a_runtime_error_is_a_bug_that_is_shown(controller, viewer, make_case, engine, told):
    engine.options = {"error": RuntimeError("CUDA error: misaligned address")}
    add_case(viewer, make_case())
    controller.segment()
    assert controller.state.status is Status.FAILED
    assert "misaligned" in controller.state.message.text
    assert told[-1].startswith("JobError")


def test_cancel_ends_the_job_at_its_next_window(controller, viewer, make_case, engine):
    add_case(viewer, make_case())

    def cancel(progress):
        if progress.done == 2:
            controller.cancel()

    controller.state.events.progress.connect(cancel)
    controller.segment()
    assert controller.state.status is Status.IDLE
    assert engine.sessions[0].closed == 1
    assert not any(name.startswith("seg") for name in names(viewer))


def test_of_two_quick_toggles_the_last_one_wins(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
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
    assert "seg · FLAIR+T1ce+T2" not in names(viewer)


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


def test_toggling_there_and_back_does_not_restart_the_job(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
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


def test_a_removed_result_leaves_the_table(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    viewer.layers.remove("seg · FLAIR+T1+T1ce+T2")
    assert controller.state.results == ()
    assert controller.state.shown == ""


def test_a_copy_of_a_result_may_go_without_it(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    data, options, _ = viewer.layers[-1].as_layer_data_tuple()
    copy = viewer.add_labels(data, **options)
    viewer.layers.remove(copy)
    assert controller.state.shown == "FLAIR+T1+T1ce+T2"
    assert len(controller.state.results) == 1


def test_a_result_from_plain_layers_is_saved_and_leaves_with_its_layer(
    controller, viewer, tmp_path
):
    rng = np.random.default_rng(0)
    for name in ("T1", "FLAIR"):
        viewer.add_image(rng.random((24, 32, 40)), name=name)
    controller.segment()
    assert controller.save(tmp_path / "x.nii.gz").is_file()
    viewer.layers.remove("seg · FLAIR+T1")
    assert controller.state.results == ()


def test_a_case_of_the_training_list_is_marked(controller, viewer, make_case, engine):
    engine.trained_on = ("anna",)
    controller.choose_model("instant")
    add_case(viewer, make_case())
    assert controller.state.seen == "by name"  # as long as nobody has looked at its voxels
    controller.segment()
    assert controller.state.seen == "by content"
    add_case(viewer, make_case("berta"))
    assert controller.state.seen == ""


def test_a_case_with_only_the_name_of_a_training_case_is_not_reported_as_seen(
    controller, viewer, make_case, engine
):
    engine.trained_on, engine.options = ("anna",), {"seen_in_training": False}
    controller.choose_model("instant")
    add_case(viewer, make_case())
    controller.segment()
    assert controller.state.seen == "by name"


def test_a_saved_result_lies_on_the_grid_of_its_input(controller, viewer, make_case, tmp_path):
    add_case(viewer, make_case())
    controller.segment()
    path = controller.save(tmp_path / "seg.nii.gz")
    image = nib.load(path)
    assert image.shape == (40, 32, 24)
    np.testing.assert_allclose(image.affine, np.diag([-1.0, -1.5, 2.0, 1.0]) + _corner())
    assert set(np.unique(np.asarray(image.dataobj))) == {0, 1, 2, 4}
    assert str(path) in controller.state.message.text


def _corner():
    matrix = np.zeros((4, 4))
    matrix[:3, 3] = (10.0, 20.0, -30.0)
    return matrix


def test_a_result_that_cannot_be_saved_says_why(controller, viewer, make_case, tmp_path, told):
    assert controller.save(tmp_path / "seg.nii.gz") is None
    add_case(viewer, make_case())
    controller.segment()
    (tmp_path / "file").write_text("in the way")
    assert controller.save(tmp_path / "file" / "seg.nii.gz") is None
    assert "file" in told[-1]


def test_closing_gives_everything_back(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
    controller.tick("T1", False)
    controller.close()
    assert engine.sessions[0].released == 1
    assert viewer.layers["T1"].opacity == 1
    assert not viewer.canvas.overlays.missing.visible
    add_case(viewer, make_case("berta"))
    assert controller.state.case == "anna"


def test_the_users_own_text_on_the_canvas_stays(controller, viewer, make_case):
    viewer.canvas.overlays.text.text = "my figure"
    add_case(viewer, make_case(present=("T1",)))
    assert viewer.canvas.overlays.text.text == "my figure"


def test_saved_path_is_a_path(controller, viewer, make_case, tmp_path):
    add_case(viewer, make_case())
    controller.segment()
    assert controller.save(str(tmp_path / "x.nii")) == Path(tmp_path / "x.nii")
