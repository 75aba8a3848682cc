"""What random walks have found: each of these failed once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.views import View
from napari_shaspec.segment.controller import SegmentController
from shaspec.editing import Operation
from shaspec.io import write_case
from tests.napari_shaspec.walk.engine import Jobs, MarkingEngine

ALL = "FLAIR+T1+T1ce+T2"

pytestmark = pytest.mark.usefixtures("no_bugs")


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
