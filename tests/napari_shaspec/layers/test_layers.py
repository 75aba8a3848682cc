"""Layers: position, appearance and the three views."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.layers import layer_data
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.presence import dim_absent, name_missing
from napari_shaspec.layers.results import add_result, find_result
from napari_shaspec.layers.surfaces import head_surface, mesh, region_surfaces
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View, ViewManager
from shaspec.geometry import Grid
from shaspec.prediction import Prediction


@pytest.fixture
def case(make_case):
    return make_case()


@pytest.fixture
def prediction(case):
    return Prediction(case.name, case.task, case.grid, ("FLAIR", "T2"), case.labels, {"model": "m"})


@pytest.fixture
def sources(viewer, case):
    add_case(viewer, case)
    return {name: viewer.layers[name] for name in case.task.names}


def test_every_layer_has_millimetres_and_named_axes(viewer, sources, prediction):
    add_result(viewer, prediction)
    manager = ViewManager(viewer)
    for view in View:
        manager.set_view(view, sources, prediction)
        for layer in viewer.layers:
            assert {str(unit) for unit in layer.units} == {"millimeter"}
            assert layer.axis_labels == ("S", "P", "L")
            assert origin(layer)["kind"]
        assert viewer.layers.extent.units is not None


def test_the_patient_is_not_mirrored(viewer, sources):
    assert viewer.scene.camera.orientation == ("away", "down", "right")


def test_a_result_keeps_its_provenance(viewer, case, prediction):
    layer = add_result(viewer, prediction, opacity=0.4)
    assert origin(layer)["provenance"] == {"model": "m"}
    assert origin(layer)["subset"] == "FLAIR+T2"
    assert layer.name == "seg · FLAIR+T2"
    assert layer.opacity == pytest.approx(0.4)
    assert find_result(viewer, case.name, "FLAIR+T2") is layer


def test_the_missing_modalities_are_readable_on_white_and_removable(viewer, sources):
    dim_absent(sources, ["FLAIR"])
    name_missing(viewer, [name for name in sources if name != "FLAIR"])
    dimmed = sources["T1"].name_overlay
    for overlay in viewer.canvas.overlays.missing, dimmed:
        assert overlay.box_color is not None  # the canvas' own colour otherwise
        assert not np.array_equal(overlay.box_color, overlay.color)
    dim_absent(sources, sources)
    name_missing(viewer, [])
    assert dimmed.color is None
    assert dimmed.box_color is None


def test_contrast_limits_are_not_spoilt_by_a_few_bright_voxels():
    array = np.zeros((60, 60, 60), np.float32)
    array[10:50, 10:50, 10:50] = np.linspace(50, 150, 40)
    array[20, 21, 21] = 30_000
    low, high = layer_data.contrast_limits(array)
    assert low == 0
    assert 140 < high <= 150
    assert layer_data.contrast_limits(np.full((5, 5, 5), 3.0)) == (0.0, 1.0)
    assert np.isfinite(layer_data.contrast_limits(np.full((5, 5, 5), np.nan))).all()


def test_volumes_of_the_features_add_up(case):
    table = layer_data.volume_features(case.labels, case.grid, case.task)
    voxels = (case.labels > 0).sum()
    assert table["volume_mL"].sum() == pytest.approx(voxels * 0.003, abs=0.01)
    assert list(table["index"]) == [0, 1, 2, 4]
    assert table["region"].iloc[3] == "ET (enhancing tumour)"


# -- side by side --------------------------------------------------------------------------------


def test_side_by_side_has_a_pane_per_modality_with_the_result_on_each(viewer, sources, prediction):
    add_result(viewer, prediction)
    ViewManager(viewer).set_view(View.GRID, sources, prediction)
    assert viewer.canvas.grid.enabled
    assert viewer.canvas.grid.actual_shape(viewer.layers) == (2, 2)
    assert _panes(viewer, sources) == ["FLAIR", "T1", "T1ce", "T2"]


def _panes(viewer, sources):
    """The modality of each pane, row by row; each has its image and the result over it."""
    names = []
    for _, indices in viewer.canvas.grid.iter_viewboxes(viewer.layers):
        image, overlay = (layer for k in indices if (layer := viewer.layers[k]).visible)
        assert overlay.name == f"seg on {image.name}"
        names.append(image.name)
    return names


def test_panes_follow_another_result_without_being_made_again(viewer, sources, prediction):
    add_result(viewer, prediction)
    manager = ViewManager(viewer)
    manager.set_view(View.GRID, sources, prediction)
    before = list(of_kind(viewer, "pane"))
    empty = Prediction(
        prediction.case,
        prediction.task,
        prediction.grid,
        ("T1",),
        np.zeros_like(prediction.labels),
        {},
    )
    add_result(viewer, empty)
    manager.show(empty)
    assert list(of_kind(viewer, "pane")) == before
    assert all(pane.data.max() == 0 for pane in before)
    assert viewer.canvas.grid.actual_shape(viewer.layers) == (2, 2)
    assert _panes(viewer, sources) == ["FLAIR", "T1", "T1ce", "T2"]


def test_a_pane_that_was_deleted_comes_again_with_the_next_result(viewer, sources, prediction):
    manager = ViewManager(viewer)
    add_result(viewer, prediction)
    manager.set_view(View.GRID, sources, prediction)
    viewer.layers.remove(next(of_kind(viewer, "pane")))
    manager.show(prediction)
    assert viewer.layers.selection.active in list(of_kind(viewer, "pane"))
    assert _panes(viewer, sources) == ["FLAIR", "T1", "T1ce", "T2"]


def test_only_a_button_of_napari_counts_as_leaving_a_view(viewer, sources, prediction):
    left, waiting = [], []
    manager = ViewManager(viewer, lambda: left.append(manager.view), waiting.append)
    add_result(viewer, prediction)

    def idle() -> list[View]:
        while waiting:
            waiting.pop()()
        return left

    for view in (View.GRID, View.THREE_D, View.GRID, View.STACK, View.GRID):
        manager.set_view(view, sources, prediction)
        viewer.layers.remove(next(of_kind(viewer, "pane"), viewer.layers[-1]))
        manager.show(prediction)  # panes that are made again are off for a moment
        assert idle() == []
    viewer.canvas.grid.enabled = False
    assert idle() == [View.GRID]
    manager.set_view(View.THREE_D, sources, prediction)
    viewer.dims.ndisplay = 2
    assert idle() == [View.GRID, View.THREE_D]


def test_leaving_a_view_gives_everything_back(viewer, sources, prediction):
    viewer.add_points([[1, 2, 3]], name="mine", visible=False)
    viewer.layers["T2"].visible = False
    add_result(viewer, prediction)
    manager = ViewManager(viewer)
    manager.set_view(View.STACK, sources, prediction)
    viewer.dims.set_current_step(0, 5)
    before = [(layer.name, layer.visible) for layer in viewer.layers]
    point = viewer.dims.point
    for view in (View.GRID, View.THREE_D, View.GRID, View.STACK):
        manager.set_view(view, sources, prediction)
    assert [(layer.name, layer.visible) for layer in viewer.layers] == before
    assert viewer.dims.point == pytest.approx(point)
    assert viewer.dims.ndisplay == 2
    assert not viewer.canvas.grid.enabled


# -- in space --------------------------------------------------------------------------------------


def test_each_region_is_a_closed_surface_where_its_voxels_are(prediction):
    surfaces = {
        options["name"]: (data, options) for data, options, _ in region_surfaces(prediction)
    }
    assert list(surfaces) == ["3D · ET", "3D · TC", "3D · WT"]
    grid = prediction.grid
    for (vertices, _), options in surfaces.values():
        region = options["name"].removeprefix("3D · ")
        index = prediction.task.region_names.index(region)
        voxels = np.argwhere(prediction.task.region_masks(prediction.labels)[index])
        world = vertices * options["scale"] + options["translate"]
        middle = voxels.mean(0) * grid.spacing + grid.origin
        assert world.mean(0) == pytest.approx(middle, abs=0.5)


def test_normals_point_outwards_so_that_light_falls_from_above():
    axes = np.ogrid[:21, :21, :21]
    ball = sum((a - 10) ** 2 for a in axes) <= 36
    vertices, faces, normals = mesh(ball)
    assert faces.max() < len(vertices)
    outwards = np.einsum("ij,ij->i", normals, vertices - 10)
    assert (outwards > 0).all()


def test_a_single_voxel_has_a_surface_and_an_empty_region_none(prediction):
    labels = np.zeros_like(prediction.labels)
    labels[5, 6, 7] = 2
    lonely = Prediction("x", prediction.task, prediction.grid, ("T1",), labels, {})
    (((vertices, _), options, _),) = region_surfaces(lonely)
    assert options["name"] == "3D · WT"
    assert vertices.mean(0) == pytest.approx((5, 6, 7), abs=0.2)


def test_the_head_surface_is_the_outline_of_the_scan():
    volume = np.zeros((60, 60, 60), np.int16)
    volume[10:50, 20:40, 20:50] = 7
    ((vertices, _), options, _) = head_surface(volume, Grid((60, 60, 60), (1, 1, 1)), "x")
    world = vertices * options["scale"] + options["translate"]
    assert world.min(0) == pytest.approx((10, 20, 20), abs=3)
    assert world.max(0) == pytest.approx((50, 40, 50), abs=3)
    assert head_surface(np.zeros((9, 9, 9)), Grid((9, 9, 9), (1, 1, 1)), "x") is None


# -- computed tomography ---------------------------------------------------------------------------


def test_a_ct_is_shown_in_the_window_of_its_task_and_its_body_in_space(viewer):
    from shaspec.phantom import make_case

    case = make_case(9_000_000, (24, 28, 38), (10, 10, 10), "liver-ct")
    add_case(viewer, case)
    sources = {name: viewer.layers[name] for name in case.task.names}
    assert all(list(layer.contrast_limits) == [0, 200] for layer in sources.values())
    ViewManager(viewer).set_view(View.THREE_D, sources, None)
    low, high = viewer.layers["3D · body"].extent.world
    assert (high - low < np.array(case.grid.shape) * 10 + 20).all()
    assert high[2] - low[2] > 250  # an adult, not the lungs alone


def test_a_result_can_become_active_in_3d_before_the_mouse_moves_there(viewer, sources, prediction):
    manager = ViewManager(viewer)  # of the panel; the user has pressed napari's own button
    viewer.dims.ndisplay = 3
    add_result(viewer, prediction)
    layer = find_result(viewer, prediction.case, "FLAIR+T2")
    viewer.mouse_over_canvas = True
    viewer.layers.selection.active = None
    viewer.layers.selection.active = layer
    viewer.update_status_from_cursor()
    assert viewer.layers.selection.active is layer
    assert manager.view is View.STACK
