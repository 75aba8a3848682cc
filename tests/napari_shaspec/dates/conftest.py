"""The controller of *Two dates* with a fake engine, and two dates of one patient."""

from __future__ import annotations

import pytest

from napari_shaspec.dates.controller import DatesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case


@pytest.fixture
def control(viewer, engine):
    control = DatesController(viewer, engine=engine, run=run_here)
    yield control
    control.close()


@pytest.fixture
def two_dates(viewer, make_case):
    """Opens two dates of Anna; the later one lacks T1."""

    def open_cases(earlier="anna_2019", later="anna_2021"):
        add_case(viewer, make_case(later, present=("FLAIR", "T1ce", "T2"), seed=1))
        add_case(viewer, make_case(earlier, seed=2))

    return open_cases
