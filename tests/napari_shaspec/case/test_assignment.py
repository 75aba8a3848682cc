"""Assignment of layers to the modalities of a case, and the results in the table."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_shaspec.case import assignment
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.viewer import add_case
from shaspec.errors import InputError
from shaspec.io import read_case


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_results_of_other_layers_leave_the_table_and_stay_as_layers(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    viewer.layers.remove("T2")
    assert controller.state.shown == "FLAIR+T1+T1ce+T2"
    other = viewer.add_image(viewer.layers["T1"].data * 2, name="other")
    controller.assign("T2", other)
    assert (controller.state.results, controller.state.shown) == ((), "")
    assert "seg · FLAIR+T1+T1ce+T2" in names(viewer)


def test_a_result_in_another_place_does_not_take_the_layer_of_the_first(
    controller, viewer, make_case
):
    add_case(viewer, make_case(present=("T1", "T2")))
    controller.segment()
    moved = viewer.add_image(
        viewer.layers["T1"].data, name="x", scale=(2, 1.5, 1), translate=(-20, -20, -10)
    )
    controller.assign("T1", moved)
    controller.segment()
    first, second = (la for la in viewer.layers if "seg · T1+T2" in la.name)
    assert first.name == "seg · T1+T2 (of other layers)"
    assert tuple(first.translate) == (-30, -20, -10)
    assert tuple(second.translate) == (-20, -20, -10)


def test_two_cases_with_the_same_name_are_distinguished(controller, viewer, cases, tmp_path):
    for subject, old in (("sub-01", "anna"), ("sub-02", "carl")):
        (tmp_path / subject).mkdir()
        (cases / old).rename(tmp_path / subject / "same")
        add_case(viewer, read_case(tmp_path / subject / "same", controller.state.card.task))
        controller.segment()
    assert controller.state.case == "same (2)"
    assert len([name for name in names(viewer) if name.startswith("seg")]) == 2
    viewer.layers.remove(controller.state.sources["T1"])
    again = read_case(tmp_path / "sub-02" / "same", controller.state.card.task)
    add_case(viewer, again.only(("T1",)))
    assert controller.state.case == "same (2)"


def test_another_case_takes_the_rows_and_clears_the_results(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
    add_case(viewer, make_case("berta", present=("T1", "T2"), seed=1))
    state = controller.state
    assert state.case == "berta"
    assert state.results == ()
    assert state.present == {"T1", "T2"}
    assert state.sources["FLAIR"] is None
    controller.segment()
    assert engine.sessions[-1].case.name == "berta"
    assert [n for n in names(viewer) if n.startswith("seg")] == [
        "seg · FLAIR+T1+T1ce+T2",
        "seg · T1+T2",
    ]


def test_a_removed_layer_empties_its_row(controller, viewer, make_case):
    add_case(viewer, make_case())
    viewer.layers.remove("T1ce")
    assert controller.state.sources["T1ce"] is None
    assert "T1ce" not in controller.state.present


def test_plain_layers_do_not_take_the_name_of_a_case_that_is_gone(controller, viewer, make_case):
    add_case(viewer, make_case())
    viewer.layers.clear()
    viewer.add_image(np.random.default_rng(0).random((8, 8, 8)), name="T1")
    assert controller.state.case == ""
    assert controller.state.present == {"T1"}


def test_plain_layers_are_found_by_their_names(controller, viewer):
    rng = np.random.default_rng(0)
    for name in ("sub-1_T1w", "sub-1_FLAIR", "something"):
        viewer.add_image(rng.random((8, 8, 8)), name=name)
    viewer.add_image(rng.random((8, 8)), name="T2")
    found = {n: la and la.name for n, la in controller.state.sources.items()}
    assert found == {"FLAIR": "sub-1_FLAIR", "T1": "sub-1_T1w", "T1ce": None, "T2": None}
    assert [la.name for la in controller.state.choices] == ["something", "sub-1_FLAIR", "sub-1_T1w"]


def test_a_layer_assigned_by_hand_is_used(controller, viewer, make_case, engine):
    add_case(viewer, make_case(present=("T1",)))
    viewer.add_image(make_case().volumes["T1ce"] * 1.5, name="late phase")
    viewer.layers["late phase"].scale = (2.0, 1.5, 1.0)
    viewer.layers["late phase"].translate = (-30.0, -20.0, -10.0)
    controller.assign("T1ce", viewer.layers["late phase"])
    assert controller.state.present == {"T1", "T1ce"}
    controller.segment()
    assert engine.sessions[0].case.present == ("T1", "T1ce")
    assert engine.sessions[0].case.notices == ()


def test_a_layer_on_another_grid_is_resampled_with_a_notice(
    controller, viewer, make_case, engine, notifications
):
    add_case(viewer, make_case(present=("T1",)))
    shifted = np.random.default_rng(0).random((12, 24, 20))
    viewer.add_image(shifted, name="T2", scale=(4, 2, 2), translate=(-30, -20, -10))
    controller.segment()
    assert engine.sessions[0].case.volumes["T2"].shape == (24, 32, 40)
    assert "resampled" in controller.state.message.text
    assert any("resampled" in text for text in notifications)


def test_layers_of_different_places_are_refused(controller, viewer, make_case, notifications):
    add_case(viewer, make_case(present=("T1",)))
    viewer.add_image(np.random.default_rng(0).random((9, 9, 9)), name="T2", translate=(900, 0, 0))
    controller.segment()
    assert controller.state.status is Status.FAILED
    assert "do not overlap" in notifications[-1]


def test_a_rotated_layer_is_named_in_the_error(controller, viewer, notifications):
    viewer.add_image(np.random.default_rng(0).random((9, 9, 9)), name="T2", rotate=(0, 0, 20))
    controller.segment()
    assert "'T2' is rotated" in notifications[-1]


def test_a_layer_moved_by_its_affine_lies_where_it_is_seen(task):
    voxels = np.random.default_rng(0).random((4, 5, 6))
    affine = np.diag([5.0, 2.0, 1.0, 1.0])
    affine[:3, 3] = 7, 8, 9
    moved = Image(voxels, affine=affine, scale=(1, 1, 2), translate=(1, 0, 0))
    (part,) = assignment.collect({"T1": moved}, task).parts
    assert (part.grid.spacing, part.grid.origin) == ((5, 2, 2), (12, 8, 9))
    affine[0, 1] = 0.5
    with pytest.raises(InputError, match="rotated or sheared"):
        assignment.collect({"T1": Image(voxels, name="x", affine=affine)}, task)


def test_an_axis_that_runs_backwards_is_turned_round(task):
    voxels = np.random.default_rng(0).random((4, 5, 6))
    layer = Image(voxels, scale=(-2, 1.5, 1), translate=(30, 0, 0))
    parts = assignment.collect({"T1": layer}, task)
    (part,) = parts.parts
    assert (part.grid.spacing, part.grid.origin) == ((2, 1.5, 1), (24, 0, 0))
    np.testing.assert_array_equal(part.array, voxels[::-1])
    assert parts.same_as(assignment.collect({"T1": layer}, task))


def test_new_voxels_in_a_layer_ask_for_a_new_session(controller, viewer, make_case, engine):
    add_case(viewer, make_case())
    controller.segment()
    viewer.layers["T1"].data = viewer.layers["T1"].data * 2
    controller.tick("T2", False)
    assert len(engine.sessions) == 1  # not kept for these voxels: the button is asked for
    controller.segment()
    assert len(engine.sessions) == 2
    assert engine.sessions[0].released == 1


@pytest.mark.parametrize("unticked", ["FLAIR", "T2"])
def test_a_layer_that_is_not_ticked_changes_nothing(viewer, task, make_case, unticked):
    """Whatever its grid: the case is that of the ticked layers, as if it had not been opened."""
    add_case(viewer, make_case())
    sources = {name: viewer.layers[name] for name in task.names}
    others = {name: layer for name, layer in sources.items() if name != unticked}
    wanted = assignment.collect(others, task).case()
    voxels = np.random.default_rng(0).random((9, 7, 5))
    sources[unticked] = viewer.add_image(voxels, scale=(3, 2, 2), translate=(500, 0, 0))
    collected = assignment.collect(sources, task, others)
    case = collected.case()
    assert case.present == wanted.present
    assert case.grid.matches(wanted.grid)
    for name in others:
        np.testing.assert_array_equal(case.volumes[name], wanted.volumes[name])
    assert not case.notices


def test_the_first_ticked_layer_gives_the_grid(viewer, task, make_case):
    add_case(viewer, make_case())
    first, *rest = task.names
    coarse = viewer.layers[first]
    viewer.layers.remove(coarse)
    sources = {name: viewer.layers[name] for name in rest}
    voxels = np.random.default_rng(0).random(tuple(n // 2 for n in coarse.data.shape))
    sources = {first: viewer.add_image(voxels, scale=2 * np.array(coarse.scale))} | sources
    everything = assignment.collect(sources, task)
    without = assignment.collect(sources, task, rest)
    assert everything.case().grid.shape == voxels.shape
    assert without.case().grid.shape == viewer.layers[rest[0]].data.shape
    assert not everything.same_as(without)


# -- several cases ---------------------------------------------------------------------------------


@pytest.fixture
def two(viewer, controller, make_case):
    add_case(viewer, make_case("anna"))
    controller.segment()
    add_case(viewer, make_case("berta", seed=1))
    return controller


def visible(viewer):
    return {origin(la).get("case") for la in viewer.layers if la.visible}


def test_one_case_is_seen_at_a_time_and_switching_brings_its_results_back(two, viewer):
    assert two.state.cases == ("anna", "berta")
    assert (two.state.case, two.state.results) == ("berta", ())
    assert visible(viewer) == {"berta"}
    two.segment()
    two.tick("T2", False)
    two.switch_case("anna")
    assert two.state.case == "anna"
    assert two.state.present == {"FLAIR", "T1", "T1ce", "T2"}
    assert visible(viewer) == {"anna"}
    assert [r.case for r in two.state.results] == ["anna"]
    assert two.state.shown == "FLAIR+T1+T1ce+T2"
    two.switch_case("berta")
    assert [r.case for r in two.state.results] == ["berta", "berta"]
    assert two.state.present == {"FLAIR", "T1", "T1ce"}


def test_closing_a_case_shows_another_one(two, viewer):
    two.close_case("berta")
    assert two.state.cases == ("anna",)
    assert two.state.case == "anna"
    assert {origin(la).get("case") for la in viewer.layers} == {"anna"}
    assert visible(viewer) == {"anna"}


def test_layers_of_two_cases_are_not_combined_without_a_question(
    two, viewer, notifications, monkeypatch
):
    own = two.state.sources["T1"]
    other = next(la for la in viewer.layers if origin(la).get("case") == "anna" and la.name == "T1")
    two.assign("T1", other)
    assert "two cases" in notifications[-1]
    assert two.state.sources["T1"] is own
    monkeypatch.setattr("napari_shaspec.jobs.notifications.ask", lambda text: True)
    two.assign("T1", other)
    assert two.state.sources["T1"] is other
    assert two.state.case == "berta + anna" or two.state.case == "anna + berta"


def test_a_case_has_the_name_of_the_layers_that_are_used(two, viewer):
    """The header and the proposed file name never come from layers that are gone."""
    for layer in [la for la in viewer.layers if origin(la).get("case") == "berta"]:
        viewer.layers.remove(layer)
    for name in two.state.sources:
        layer = next(la for la in viewer.layers if la.name == name)
        two.assign(name, layer)
    assert two.state.case == "anna"
    assert assignment.collect(two.state.sources, two.state.card.task).name == "anna"
