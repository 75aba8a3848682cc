"""The controller of the panel *Features* without widgets."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.state import FeatureView
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers import features
from napari_shaspec.layers.viewer import add_case
from shaspec.analysis.features.views import How

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_bugs")]


@pytest.fixture
def control(viewer, model):
    """A controller whose jobs run at once, in this thread."""
    control = FeaturesController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(model)
    yield control
    control.close()


def pictures(viewer):
    return [la.name for la in viewer.layers if la.metadata["shaspec"]["kind"] == "features"]


def test_features_lie_over_the_anatomy_without_being_copied_to_its_voxels(
    control, viewer, make_case
):
    add_case(viewer, make_case())
    control.compute()
    assert control.state.status is Status.DONE
    layer = viewer.layers["shared · T1"]
    assert layer.rgb
    assert layer.data.shape[0] < 12
    np.testing.assert_allclose(layer.scale, control.state.maps.grid.spacing)
    image = viewer.layers["T1"].extent.world
    middle = layer.extent.world.mean(axis=0)
    assert (np.abs(middle - image.mean(axis=0)) <= np.array(layer.scale)).all()


def test_every_modality_has_a_pane_with_its_image_below(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    assert viewer.canvas.grid.enabled
    assert viewer.canvas.grid.stride == -2
    top = [la.name for la in viewer.layers][-8:]
    assert top[::-1][:4] == ["shared · FLAIR", "FLAIR", "shared · T1", "T1"]
    control.side_by_side(False)
    assert not viewer.canvas.grid.enabled
    assert viewer.layers["shared · FLAIR"].visible
    assert not viewer.layers["shared · T1"].visible


def test_another_look_takes_the_place_of_the_last_one(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    control.show_features(FeatureView("specific", How.ENERGY))
    assert sorted(pictures(viewer)) == [f"specific · {m}" for m in ("FLAIR", "T1", "T1ce", "T2")]
    limits = {tuple(la.contrast_limits) for la in viewer.layers if "specific" in la.name}
    assert len(limits) == 1  # the same brightness is the same energy
    control.show_features(FeatureView("specific", How.CHANNEL, 3))
    expected = control.state.maps.maps["specific", "T1"][3] * control.state.maps.inside
    np.testing.assert_array_equal(viewer.layers["specific · T1"].data, expected)


def test_an_unticked_modality_is_imputed_beside_the_true_one(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    control.tick("T1ce", False)
    control.show_features(FeatureView("imputed"))
    assert sorted(pictures(viewer)) == ["error · T1ce", "imputed · T1ce", "true shared · T1ce"]
    assert "Median relative imputation error" in control.state.message.text
    control.tick("T1ce", True)  # nothing is imputed any more
    assert control.state.feature_view.kind == "shared"


def test_marked_points_light_up_their_voxels_in_every_pane(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    cloud = control.state.cloud
    points = np.zeros(len(cloud.xy), bool)
    points[[0, 5]] = True
    control.marks.mark(points)
    marks = [la for la in viewer.layers if la.metadata["shaspec"]["kind"] == "marked"]
    assert len(marks) == 4
    assert viewer.canvas.grid.stride == -3
    lit = {tuple(v) for v in np.argwhere(marks[0].data)}
    assert lit == {tuple(v) for v in cloud.voxel[[0, 5]]}
    control.marks.mark(np.zeros(len(cloud.xy), bool))
    assert not [la for la in viewer.layers if la.metadata["shaspec"]["kind"] == "marked"]


def test_the_selected_label_marks_its_points(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    truth = viewer.layers["truth"]
    viewer.layers.selection.active = truth
    truth.selected_label = 2
    control.marks.mark_label()
    cloud, grid = control.state.cloud, control.state.maps.grid
    points = control.state.marked.points
    assert points.any()
    mm = np.array(grid.origin) + cloud.voxel[points] * np.array(grid.spacing)
    for position in mm:
        index = tuple(np.round(truth.world_to_data(position)).astype(int))
        assert truth.data[index] == 2


def test_labels_are_sampled_at_the_voxel_and_are_0_outside(viewer, make_case):
    add_case(viewer, make_case())
    truth = viewer.layers["truth"]
    grid = truth.metadata["shaspec"]["grid"].blocks(np.zeros(3), np.full(3, 4.0), (12, 8, 10))
    values = features.labels_at(truth, grid, np.array([[3, 4, 7], [11, 0, 0]]))
    assert values[0] == truth.data[14, 18, 30] or values[0] == truth.data[13, 17, 29]
    assert values[1] == 0


def test_another_case_takes_the_features_of_the_last_one_away(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    add_case(viewer, make_case("bert", seed=3))
    assert control.state.maps is None
    assert pictures(viewer) == []
    assert not viewer.canvas.grid.enabled


def test_without_a_case_the_button_explains_what_is_missing(control):
    control.compute()
    assert "no layer is assigned" in control.state.message.text
    control.measure()
    assert "press Compute features first" in control.state.message.text


def test_only_features_of_files_have_a_command(control, viewer, make_case):
    assert control.command() is None
    assert "press Compute features" in control.state.message.text
    add_case(viewer, make_case())
    control.compute()
    assert control.command() is None
    assert "did not come from a file" in control.state.message.text
