"""The controller of *Compare* and results to compare."""

from __future__ import annotations

import pytest

from napari_shaspec.compare.controller import CompareController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.results import add_result
from shaspec.prediction import Prediction
from tests.napari_shaspec.fakes import ball_labels


@pytest.fixture
def control(viewer):
    control = CompareController(viewer, run=run_here)
    yield control
    control.close()


@pytest.fixture
def result(viewer, make_case):
    """Adds the result of a subset of a case."""

    def add(subset=("FLAIR", "T2"), model="m", grow=1, case=None):
        case = case or make_case()
        facts = {"model": model, "sha256": model}
        labels = ball_labels(grow)
        made = Prediction(case.name, case.task, case.grid, subset, labels, facts)
        return add_result(viewer, made)

    return add
