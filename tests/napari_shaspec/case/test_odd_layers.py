"""Layers that are changed, doubled or of unknown size: nothing is used or left out in silence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from napari.layers import Image

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import file_of
from napari_shaspec.layers.viewer import add_case
from shaspec.geometry import Grid
from shaspec.phantom import make_case as phantom

Change = Callable[[np.ndarray], object]
IN_PLACE: dict[str, Change] = {
    "scaled": lambda a: np.multiply(a, 2, out=a),
    "masked": lambda a: a[:6].fill(0),
    "flipped": lambda a: np.copyto(a, a[:, ::-1].copy()),
}


def bare(viewer, name: str, array: np.ndarray, **place) -> Image:
    layer = viewer.add_image(array, name=name, **place)
    assert isinstance(layer, Image)
    return layer


@pytest.mark.parametrize("change", IN_PLACE)
def test_an_array_that_a_script_changes_in_place_is_segmented_anew(
    change, controller, viewer, make_case, engine
):
    add_case(viewer, make_case())
    controller.segment()
    controller.segment()
    assert len(engine.sessions) == 1
    IN_PLACE[change](viewer.layers["T1"].data)
    controller.segment()
    assert len(engine.sessions) == 2
    changed = engine.sessions[-1].case.volumes["T1"]
    assert np.array_equal(changed, viewer.layers["T1"].data)


def test_results_of_the_array_before_leave_the_table(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    controller.tick("T2", False)
    controller.segment()
    assert len(controller.state.results) == 2
    viewer.layers["T1"].data[:] *= 3
    controller.segment()
    assert [result.name for result in controller.state.results] == ["seg · FLAIR+T1+T1ce"]


def test_the_array_of_a_file_cannot_be_changed_in_place(controller, viewer, cases):
    controller.open([cases / "anna"])
    layer = viewer.layers["T1"]
    assert file_of(layer).name == "anna_t1.nii.gz"
    with pytest.raises(ValueError, match="read-only"):
        layer.data[4] = 0
    layer.data = layer.data.copy()
    assert file_of(layer) is None


def test_a_second_layer_for_a_row_is_named_with_the_result(controller, viewer, make_case):
    add_case(viewer, make_case(present=("T1", "T2")))
    controller.segment()
    assert "not used" not in controller.state.message.text
    first = viewer.layers["T1"]
    second = bare(
        viewer, "T1", first.data[::-1].copy(), scale=first.scale, translate=first.translate
    )
    controller.segment()
    said = controller.state.message
    assert f"layer {second.name!r} looks like T1 too and is not used, since 'T1' is" in said.text
    assert said.level == "warning"
    controller.assign("T1", second)
    controller.segment()
    assert f"layer 'T1' looks like T1 too and is not used, since {second.name!r} is" in (
        controller.state.message.text
    )


@pytest.mark.parametrize("kind", ["labels", "flat", "points"])
def test_a_layer_that_is_no_scan_cannot_be_a_modality(kind, controller, viewer, make_case):
    add_case(viewer, make_case(present=("T1", "T2")))
    shape = viewer.layers["T1"].data.shape
    layer = {
        "labels": lambda: viewer.add_labels(np.ones(shape, np.uint8), name="FLAIR"),
        "flat": lambda: viewer.add_image(np.ones((20, 30)), name="FLAIR"),
        "points": lambda: viewer.add_points(np.zeros((1, 3)), name="FLAIR"),
    }[kind]()
    assert controller.state.sources["FLAIR"] is None
    controller.assign("FLAIR", layer)
    assert controller.state.sources["FLAIR"] is None
    assert "layer 'FLAIR' cannot be FLAIR: choose an image with 3" in controller.state.message.text
    controller.segment()
    assert controller.state.status is Status.DONE


@pytest.mark.parametrize(
    ("scale", "units", "told"),
    [
        (None, None, True),  # a head of 4 mm voxels, taken as 1 mm
        ((4, 4, 4), None, False),
        ((4, 4, 4), "mm", False),
        ((1, 1, 1), "mm", False),  # said, if wrong
    ],
)
def test_an_array_without_a_voxel_size_that_is_too_small_for_a_head_says_so(
    scale, units, told, controller, viewer
):
    case = phantom(9_000_004, (40, 50, 42), (4.0, 4.0, 4.0))
    place = {"scale": scale} if scale else {}
    place |= {"units": (units,) * 3} if units else {}
    for name, array in case.volumes.items():
        bare(viewer, name, array, **place)
    controller.segment()
    assert ("no voxel size is given, so 1 mm was assumed" in controller.state.message.text) == told


def test_an_array_of_a_whole_head_of_1_mm_needs_no_scale(controller, viewer):
    small = phantom(9_000_004, (40, 50, 42), (4.0, 4.0, 4.0))
    assert small.grid.spacing == (4.0, 4.0, 4.0)
    for name, array in small.volumes.items():
        bare(viewer, name, np.kron(array, np.ones((4, 4, 4), np.float32)))
    assert Grid(viewer.layers[0].data.shape, (1.0,) * 3).shape == (160, 200, 168)
    controller.segment()
    assert "no voxel size" not in controller.state.message.text


@pytest.mark.parametrize("name", ["FLAIR", "T1ce"])  # before and after the layers with a position
def test_an_array_of_the_shape_of_a_scan_takes_its_place(
    name, controller, viewer, make_case, engine
):
    case = make_case(present=("T1", "T2"))
    add_case(viewer, case)
    noise = np.random.default_rng(5).normal(0, 5, case.grid.shape)
    layer = bare(viewer, name, viewer.layers["T1"].data * 2 + noise)
    controller.segment()
    used = engine.sessions[-1].case
    assert used.grid.matches(case.grid)
    assert np.array_equal(used.volumes[name], layer.data)
    assert (
        f"layer {name!r} has no voxel size and position: its voxels were taken as those of 'T1'"
        in controller.state.message.text
    )
    controller.tick(name, False)
    controller.segment()
    assert "no voxel size" not in controller.state.message.text


@pytest.mark.parametrize("name", ["FLAIR", "T1ce"])
def test_an_array_of_another_shape_beside_scans_with_a_position_is_refused(
    name, controller, viewer, make_case
):
    add_case(viewer, make_case(present=("T1", "T2")))
    bare(viewer, name, np.random.default_rng(5).normal(100, 5, (20, 30, 40)))
    controller.segment()
    said = controller.state.message
    assert said.level == "error"
    assert (
        f"layer {name!r} has no voxel size and position, and another shape than 'T1'" in said.text
    )
    controller.tick(name, False)
    controller.segment()
    assert controller.state.message.text.startswith("T1+T2: done")
