"""Cases with any subset of the volumes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import load_task

TASK = load_task("brats")
GRID = Grid((4, 5, 6), (1.0, 1.0, 1.0))


def make(*names: str, **kwargs: Any) -> Case:
    return Case("p", TASK, GRID, {n: np.ones(GRID.shape) for n in names}, **kwargs)


def test_present_and_missing_are_in_task_order() -> None:
    case = make("T2", "FLAIR")
    assert case.present == ("FLAIR", "T2")
    assert case.missing == ("T1", "T1ce")


def test_only_leaves_the_rest_out_as_if_never_acquired() -> None:
    case = make("FLAIR", "T1", "T2", labels=np.zeros(GRID.shape, np.uint8))
    part = case.only(("T2",))
    assert part.present == ("T2",)
    assert part.volumes["T2"] is case.volumes["T2"]
    assert part.labels is case.labels
    assert case.present == ("FLAIR", "T1", "T2")


def test_a_modality_that_is_not_there_cannot_be_asked_for() -> None:
    with pytest.raises(InputError, match="case p has no T1ce"):
        make("FLAIR").only(("FLAIR", "T1ce"))


def test_a_case_without_a_volume_or_with_an_unknown_one_is_refused() -> None:
    with pytest.raises(InputError, match="no modality"):
        make()
    with pytest.raises(InputError, match="PET"):
        make("PET")


def test_arrays_that_do_not_fit_the_grid_are_named_in_the_error() -> None:
    with pytest.raises(InputError, match="labels of case p"):
        make("T1", labels=np.zeros((1, 1, 1), np.uint8))
    with pytest.raises(InputError, match="T2 of case p"):
        Case("p", TASK, GRID, {"T2": np.zeros((9, 9, 9))})


def test_a_colour_picture_has_its_channels_first() -> None:
    task, grid = load_task("rgbd"), Grid((4, 5), (1.0, 1.0))
    case = Case("p", task, grid, {"RGB": np.ones((3, 4, 5)), "depth": np.ones((4, 5))})
    assert case.present == ("RGB", "depth")
    for shape in ((4, 5, 3), (4, 5)):
        with pytest.raises(
            InputError, match=r"RGB of case p has shape .* its grid needs \(3, 4, 5\)"
        ):
            Case("p", task, grid, {"RGB": np.ones(shape)})
