"""The controller of *Compare*: what can be chosen, the table, flicker, what it never touches."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.compare.controller import NONE, CompareController
from napari_shaspec.compare.state import Shown
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import add_result
from napari_shaspec.layers.viewer import add_case
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import load_task

pytestmark = pytest.mark.usefixtures("no_bugs")


def shown(viewer):
    return [la.name for la in viewer.layers if la.visible and la.ndim == 3 and la.name != "T1"]


def test_the_lists_name_the_model_and_the_case_where_there_are_several(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    result()
    assert [control.state.names[id(la)] for la in control.state.choices] == [
        "seg · FLAIR+T2 · m",
        "truth",
    ]
    add_case(viewer, make_case("berta", seed=1))
    assert "seg · FLAIR+T2 · m · anna" in control.state.names.values()


def test_two_results_are_offered_first_then_the_truth_and_a_result(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    truth = viewer.layers["truth"]
    first = result()
    assert (control.state.first, control.state.second) == (truth, first)
    second = result(model="other")
    assert (control.state.first, control.state.second) == (first, second)
    viewer.layers.remove(second)
    assert (control.state.first, control.state.second) == (truth, first)
    other = result(case=make_case("berta"))
    assert (control.state.first, control.state.second) == (truth, first)  # of one case
    viewer.layers.remove(truth)
    assert (control.state.first, control.state.second) == (first, other)


def test_a_new_result_changes_nothing_that_the_user_chose_or_looks_at(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    truth, first = viewer.layers["truth"], result()
    control.show(Shown.SWIPE)
    result(("T1",))
    assert (control.state.first, control.state.second) == (truth, first)
    assert control.state.shown is Shown.SWIPE
    control.choose(first, truth)
    third = result(("T2",))
    assert (control.state.first, control.state.second) == (first, truth)
    viewer.layers.remove(truth)
    assert (control.state.first, control.state.second) == (first, third)


def test_a_comparison_shows_what_the_engine_computes(viewer, control, result, make_case):
    from shaspec.analysis.agreement import agreement

    add_case(viewer, make_case())
    layer = result()
    control.choose(layer, viewer.layers["truth"])
    control.compare()
    assert control.state.status is Status.DONE
    case = make_case()
    expected = agreement(layer.data, case.labels, case.task, case.grid)
    found = control.state.comparison.rows
    assert [(r.dice, r.hd95, r.change) for r in found] == [
        (r.dice, r.hd95, r.change) for r in expected
    ]
    (drawn,) = of_kind(viewer, "map")
    (row,) = [r for r in expected if r.region == control.state.region]
    np.testing.assert_array_equal(drawn.data, row.difference.map)
    assert drawn.visible
    assert not layer.visible


def test_holding_shows_the_other_one_and_letting_go_brings_back_what_was_shown(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    control.choose(first, second)
    control.show(Shown.FIRST)
    assert (first.visible, second.visible) == (True, False)
    control.hold(True)
    control.hold(True)  # a key that repeats
    assert (first.visible, second.visible) == (False, True)
    control.hold(False)
    assert (first.visible, second.visible) == (True, False)
    control.compare()
    control.hold(True)
    assert second.visible
    control.hold(False)
    assert control.state.shown is Shown.DIFFERENCE
    assert next(of_kind(viewer, "map")).visible


def test_comparing_and_flickering_never_touch_voxels_or_their_history(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    before = first.data.copy()
    first.data_setitem(tuple(np.array([c]) for c in (2, 2, 2)), 4)
    control.choose(first, second)
    control.compare()
    for what in Shown:
        control.show(what)
    control.hold(True)
    control.hold(False)
    first.undo()
    np.testing.assert_array_equal(first.data, before)


@pytest.mark.parametrize("edit", ["paint", "replace", "undo"])
def test_an_edit_makes_the_table_outdated_and_removes_its_map(
    viewer, control, result, make_case, edit
):
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    control.choose(first, second)
    if edit == "undo":
        first.paint((2, 2, 2), 4)
    control.compare()
    if edit == "paint":
        first.paint((2, 2, 2), 4)
    elif edit == "replace":
        first.data = first.data.copy()
    else:
        first.undo()
        first.visible = True  # napari says nothing of a hidden layer
    assert control.state.comparison is None
    assert not list(of_kind(viewer, "map"))
    assert "Compare again" in control.state.message.text


def test_scrolling_does_not_outdate_the_table(viewer, control, result, make_case):
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    first.paint((2, 2, 2), 4)
    control.choose(first, second)
    control.compare()
    viewer.dims.set_current_step(0, 3)
    first.refresh()
    assert control.state.comparison is not None


def test_layers_of_two_cases_are_asked_about(
    viewer, control, result, make_case, notifications, monkeypatch
):
    first = result(case=make_case())
    second = result(case=make_case("berta"))
    control.choose(first, second)
    control.compare()
    assert control.state.comparison is None
    assert "two cases, anna and berta" in notifications[-1]
    monkeypatch.setattr("napari_shaspec.jobs.notifications.ask", lambda _text: True)
    control.compare()
    assert control.state.comparison is not None


def test_label_maps_that_cannot_be_compared_are_refused_by_name(viewer, control, result, make_case):
    first = result()
    moved = result(case=make_case("anna", origin=(0.0, 0.0, 0.0)), subset=("T1",))
    control.choose(first, moved)
    control.compare()
    assert "different grids" in control.state.message.text
    liver = load_task("liver-ct")
    grid = Grid(first.data.shape, (2.0, 1.5, 1.0), (-30.0, -20.0, -10.0))
    other = add_result(
        viewer, Prediction("anna", liver, grid, liver.names, 0 * first.data, {"model": "l"})
    )
    control.choose(first, other)
    control.compare()
    assert "different labels" in control.state.message.text
    foreign = viewer.add_labels(np.full(first.data.shape, 9), scale=first.scale)
    foreign.translate = first.translate
    control.choose(first, foreign)
    control.compare()
    assert "label 9" in control.state.message.text
    assert control.state.status is Status.FAILED


def test_a_layer_of_the_user_is_read_in_the_codes_of_the_other_one(viewer, control, result):
    first = result()
    own = viewer.add_labels(first.data.astype(int), scale=first.scale, translate=first.translate)
    control.choose(first, own)
    control.compare()
    assert [row.dice for row in control.state.comparison.rows] == [1, 1, 1]
    other = viewer.add_labels(first.data.astype(int))
    control.choose(own, other)
    control.compare()
    assert "what its labels mean" in control.state.message.text


def test_a_removed_layer_leaves_the_lists_and_the_table(viewer, control, result, make_case):
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    control.choose(first, second)
    control.compare()
    viewer.layers.remove(second)
    assert control.state.comparison is None
    assert second not in (*control.state.choices, control.state.first, control.state.second)
    while control.state.choices:
        viewer.layers.remove(control.state.choices[0])
    assert control.state.first is None
    assert control.state.message.text == NONE


def test_a_layer_removed_during_the_job_leaves_no_table(viewer, result):
    started = []
    control = CompareController(viewer, run=lambda *job: started.append(job))
    first, second = result(), result(("T1",))
    control.choose(first, second)
    control.compare()
    viewer.layers.remove(second)
    run_here(*started[0])
    assert control.state.comparison is None
    assert not control.state.status.busy
    control.close()


def test_a_random_walk_never_ends_stuck_and_never_changes_a_result(
    viewer, control, result, make_case
):
    add_case(viewer, make_case())
    subsets = [("FLAIR",), ("T1",), ("T1ce", "T2")]
    layers = [result(subset, grow=k) for k, subset in enumerate(subsets)]
    copies = [layer.data.copy() for layer in layers]
    random = np.random.default_rng(0)

    def pick():
        return random.choice(np.array([*viewer.layers, None], object))

    actions = [
        lambda: control.choose(*random.choice(np.array([*control.state.choices, None], object), 2)),
        control.compare,
        control.swap,
        lambda: control.show(random.choice(list(Shown))),
        lambda: control.hold(bool(random.integers(2))),
        lambda: control.show_region(str(random.choice(["ET", "TC", "WT", "none"]))),
        lambda: [viewer.layers.remove(m) for m in list(of_kind(viewer, "map"))],
        lambda: setattr(layers[0], "name", f"seg {random.integers(9)}"),
        lambda: setattr(pick() or layers[0], "visible", bool(random.integers(2))),
    ]
    for _ in range(120):
        actions[random.integers(len(actions))]()
        assert not control.state.status.busy
        assert len(list(of_kind(viewer, "map"))) <= 1
        for layer, copy in zip(layers, copies, strict=True):
            np.testing.assert_array_equal(layer.data, copy)


def test_the_key_is_given_back(viewer, result):
    from napari_shaspec.compare.showing import HOLD

    control = CompareController(viewer, run=run_here)
    assert HOLD in {str(key) for key in viewer.keymap}
    control.close()
    assert not callable(viewer.keymap.get(HOLD))


# -- the panel -----------------------------------------------------------------------------------
