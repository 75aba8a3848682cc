"""A case from arrays in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import case_from_arrays
from shaspec.task import Task

HEAD = np.random.default_rng(0).uniform(100, 900, (12, 10, 8)).astype(np.float32)


def test_arrays_make_a_case(brats: Task) -> None:
    labels = np.zeros((12, 10, 8), np.int64)
    labels[3, 3, 3] = 4
    case = case_from_arrays({"T2": HEAD}, brats, spacing=(3, 1, 1), labels=labels, name="a")
    assert case.present == ("T2",)
    assert case.grid.voxel_ml == pytest.approx(0.003)
    assert case.labels is not None
    assert case.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("volumes", "labels", "match"),
    [
        ({}, None, "no modality"),
        ({"PET": HEAD}, None, "unknown modality"),
        ({"T1": np.zeros((4, 4, 4))}, None, "T1: every value is 0"),
        ({"T1": np.full((4, 4, 4), np.nan)}, None, "none of its values"),
        ({"T1": np.full((4, 4, 4), np.inf)}, None, "infinite"),
        ({"T1": np.zeros((4, 4))}, None, "three axes"),
        ({"T1": np.array([[["a"]]])}, None, "real numbers"),
        ({"T1": HEAD, "T2": HEAD[:9]}, None, "shape"),
        ({"T1": HEAD}, np.full((12, 10, 8), 3), "does not define"),
        ({"T1": HEAD}, np.zeros((1, 1, 1), np.uint8), "shape"),
    ],
)
def test_arrays_that_make_no_case_are_refused(
    volumes: Any, labels: Any, match: str, brats: Task
) -> None:
    with pytest.raises(InputError, match=match):
        case_from_arrays(volumes, brats, labels=labels)


def test_arrays_may_come_with_a_grid(brats: Task) -> None:
    grid = Grid((12, 10, 8), (2.0, 1.0, 1.0), (5.0, 6.0, 7.0))
    assert case_from_arrays({"T1": HEAD}, brats, grid=grid).grid is grid


def test_arrays_of_pictures_need_their_channels_first(rgbd: Task) -> None:
    colour = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    assert case_from_arrays({"RGB": colour}, rgbd).grid.shape == (4, 5)
    with pytest.raises(InputError, match="3 channels and then two axes"):
        case_from_arrays({"RGB": colour[0]}, rgbd)
    with pytest.raises(InputError, match=r"depth of case: is an array of 3 axes .* two axes"):
        case_from_arrays({"depth": colour}, rgbd)
