"""The controller of the panel *Robustness*, with jobs that run at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness.controller import RobustnessController


@pytest.fixture
def control(viewer, engine) -> Iterator[RobustnessController]:
    """A controller whose jobs run at once, in this thread."""
    control = RobustnessController(viewer, engine=engine, run=run_here)
    yield control
    control.close()


@pytest.fixture
def swept(control, viewer, make_case) -> RobustnessController:
    """The controller, with all subsets of a case of four modalities."""
    add_case(viewer, make_case())
    control.sweep()
    return control
