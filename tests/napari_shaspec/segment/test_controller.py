"""The controller of the panel *Segment* with a `ViewerModel` and fake sessions."""

from __future__ import annotations

import numpy as np

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
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


def test_segment_adds_a_layer_named_after_the_subset(controller, viewer, segmented):
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


def test_the_same_subset_again_updates_its_layer(controller, viewer, segmented):
    before = names(viewer)
    layer = viewer.layers[-1]
    controller.segment()
    assert names(viewer) == before
    assert viewer.layers[-1] is layer
    assert len(controller.state.results) == 1


def test_no_modality_ticked_is_refused_with_a_sentence(
    controller, viewer, make_case, notifications
):
    add_case(viewer, make_case(present=("T1",)))
    controller.tick("T1", False)
    controller.segment()
    assert controller.state.status is Status.IDLE
    assert controller.state.message.level == "error"
    assert "choose at least one" in notifications[-1]


def test_without_layers_the_next_step_is_named(controller, notifications):
    assert "Open a case" in controller.state.message.text
    controller.segment()
    assert "no layer is assigned" in notifications[-1]


def test_a_model_that_cannot_be_opened_leaves_the_old_one(controller, notifications):
    assert not controller.choose_model("/nowhere")
    assert controller.state.model == "instant"
    assert "no model" in notifications[-1]


def test_an_engine_error_is_shown_and_all_results_stay(
    controller, viewer, segmented, engine, notifications
):
    before = names(viewer)
    engine.sessions[0].error = OutOfMemoryError("not even windows of 32 voxels fit")
    controller.tick("T2", False)
    assert controller.state.status is Status.FAILED
    assert "not even windows" in controller.state.message.text
    assert "not even windows" in notifications[-1]
    assert names(viewer) == before
    engine.sessions[0].error = None
    controller.segment()
    assert controller.state.status is Status.DONE
    assert len(engine.sessions) == 2


def test_a_runtime_error_is_a_bug_that_is_shown(
    controller, viewer, make_case, engine, notifications
):
    engine.options = {"error": RuntimeError("CUDA error: misaligned address")}
    add_case(viewer, make_case())
    controller.segment()
    assert controller.state.status is Status.FAILED
    assert "misaligned" in controller.state.message.text
    assert notifications[-1].startswith("JobError")


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


def test_closing_gives_everything_back(controller, viewer, make_case, segmented, engine):
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
