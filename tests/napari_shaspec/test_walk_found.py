"""What random walks have found: each of these failed once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.state import CloudSettings, FeatureView
from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from shaspec.analysis.features.views import How
from shaspec.editing import Operation
from shaspec.io import write_case
from tests.napari_shaspec.walk.engine import Jobs, MarkingEngine
from tests.napari_shaspec.walk.features import FeatureEngine

ALL = "FLAIR+T1+T1ce+T2"

pytestmark = pytest.mark.usefixtures("no_bugs")


def test_a_plot_that_was_asked_for_during_a_job_is_not_of_another_case(
    viewer, task, jobs, make_case
):
    control = FeaturesController(viewer, engine=FeatureEngine(task), run=jobs)
    add_case(viewer, make_case("anna"))
    control.compute()
    jobs.advance(100)
    control.measure()
    control.plot(CloudSettings(("fused",)))  # waits for the measures
    viewer.layers.clear()
    jobs.advance(100)
    assert (control.state.maps, control.state.cloud) == (None, None)
    control.close()


def test_feature_layers_have_no_numbers_in_their_names(viewer, task, jobs, make_case):
    control = FeaturesController(viewer, engine=FeatureEngine(task), run=jobs)
    add_case(viewer, make_case("anna"))
    control.tick("T1ce", False)
    for kind, how in [("imputed", How.ENERGY), ("shared", How.ENERGY), ("imputed", How.CHANNEL)]:
        control.show_features(FeatureView(kind, how))
        control.compute()
        jobs.advance(100)
    names = {layer.name for layer in of_kind(viewer, "features")}
    assert names == {"imputed · T1ce", "true shared · T1ce", "error · T1ce"}
    control.close()


def test_strokes_in_the_layer_of_a_sweep_outlive_the_next_row(viewer, task, jobs, make_case):
    control = RobustnessController(viewer, engine=MarkingEngine(task), run=jobs)
    add_case(viewer, make_case("anna"))
    control.choose_models(["instant"])
    control.sweep()
    jobs.advance(1000)
    control.show_row("instant", ("FLAIR",))
    (layer,) = of_kind(viewer, "swept")
    layer.paint((5, 6, 7), 4)
    painted = layer.data.copy()
    control.show_row("instant", ("T2",))
    assert (layer.name, layer.visible) == ("sweep · FLAIR (edited)", False)
    np.testing.assert_array_equal(layer.data, painted)
    (new,) = of_kind(viewer, "swept")
    assert new.name == "sweep · T2"
    assert "sweep · FLAIR (edited)" in control.state.message.text
    control.close()


@pytest.fixture
def jobs():
    return Jobs()


@pytest.fixture
def control(viewer, task, jobs, make_case, tmp_path):
    write_case(tmp_path / "anna", make_case("anna"))
    control = SegmentController(viewer, engine=MarkingEngine(task), run=jobs)
    control.open([tmp_path / "anna"])
    jobs.advance(10)
    control.segment()
    jobs.advance(100)
    yield control
    control.close()


def test_all_layers_may_be_removed_from_the_panes_while_a_job_runs(control, viewer, jobs):
    control.set_view(View.GRID)
    control.segment()
    jobs.advance(3)
    viewer.layers.clear()
    jobs.advance(100)
    assert jobs.idle
    assert not control.state.status.busy
    assert not any(control.state.sources.values())


def test_an_operation_changes_nothing_after_the_panel_was_closed(control, viewer, jobs):
    layer = find_result(viewer, "anna", ALL)
    before = layer.data.copy()
    control.editing.operate(Operation("grow", "WT", 3.0))
    control.close()
    jobs.advance(100)
    np.testing.assert_array_equal(layer.data, before)


def test_a_measurement_draws_nothing_after_the_panel_was_closed(control, viewer, jobs):
    control.measuring.measure("WT")
    names = [layer.name for layer in viewer.layers]
    control.close()
    jobs.advance(100)
    assert [layer.name for layer in viewer.layers] == names
