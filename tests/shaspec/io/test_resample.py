"""Volumes on the grid of another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.geometry import Grid
from shaspec.io.resample import coverage, resample, resample_scan
from shaspec.preprocessing import near_background, normalise
from shaspec.task import Modality

SIZES = st.tuples(*[st.integers(2, 7)] * 3)
SPACINGS = st.tuples(*[st.sampled_from([0.5, 1.0, 3.0])] * 3)
ORIGINS = st.tuples(*[st.integers(-3, 3)] * 3)


def ramp(grid: Grid) -> np.ndarray:
    """A volume whose value is a linear function of the place in the world."""
    voxels = np.indices(grid.shape).reshape(3, -1)
    return (np.array([1.0, -2.0, 0.5]) @ grid.world(voxels)).reshape(grid.shape).astype(np.float32)


@given(SIZES, SPACINGS, ORIGINS)
def test_a_volume_on_the_target_grid_is_unchanged(shape, spacing, origin) -> None:
    grid = Grid(shape, spacing, origin)
    volume = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for order in (0, 1):
        again = resample(volume, grid, grid, order=order, fill=-9)
        np.testing.assert_allclose(again, volume, atol=1e-5)
    assert coverage(grid, grid) == 1


@given(SIZES, SPACINGS)
def test_a_ramp_is_the_same_ramp_on_any_grid_inside(shape, spacing) -> None:
    source = Grid((20, 24, 28), (1.0, 1.0, 1.0), (-10.0, -12.0, -14.0))
    target = Grid(shape, spacing, (-9.5, -9.25, -9.0))
    moved = resample(ramp(source), source, target, order=1, fill=0)
    inside = resample(np.ones(source.shape, np.float32), source, target, order=1, fill=0) == 1
    np.testing.assert_allclose(moved[inside], ramp(target)[inside], atol=1e-3)


def test_an_oblique_file_is_resampled_by_its_true_place() -> None:
    angle = np.deg2rad(30)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine[:3, 3] = (-10, -10, -10)
    source = Grid.from_affine(affine, (30, 30, 30))
    target = Grid((4, 4, 4), (1.0, 1.0, 1.0), (0.0, -8.0, 2.0))
    assert source.oblique
    assert coverage(source, target) == 1
    moved = resample(ramp(source), source, target, order=1, fill=0)
    np.testing.assert_allclose(moved, ramp(target), atol=1e-3)


def test_labels_keep_their_values_and_type() -> None:
    source = Grid((4, 4, 4), (1.0, 1.0, 1.0))
    target = Grid((8, 8, 8), (0.5, 0.5, 0.5), (-0.25, -0.25, -0.25))
    labels = np.random.default_rng(0).choice([0, 1, 4], (4, 4, 4)).astype(np.uint8)
    moved = resample(labels, source, target, order=0, fill=0)
    assert moved.dtype == np.uint8
    expected = labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize(("shift", "covered"), [(0.0, 1.0), (5.0, 0.5), (500.0, 0.0)])
def test_coverage_is_the_part_that_is_inside(shift: float, covered: float) -> None:
    source = Grid((10, 10, 10), (1.0, 1.0, 1.0), (shift, 0.0, 0.0))
    target = Grid((10, 10, 10), (1.0, 1.0, 1.0))
    assert coverage(source, target) == pytest.approx(covered)


def test_voxels_outside_of_the_source_are_filled() -> None:
    source = Grid((2, 2, 2), (1.0, 1.0, 1.0))
    target = Grid((2, 2, 2), (1.0, 1.0, 1.0), (0.0, 50.0, 0.0))
    moved = resample(np.ones((2, 2, 2), np.int16), source, target, order=1, fill=-1000)
    assert moved.dtype == np.float32
    assert (moved == -1000).all()


@given(st.sampled_from([-500, -1000, -1024, -32768]), st.floats(0.1, 0.9), st.integers(0, 99))
def test_a_background_blends_into_no_tissue(value: int, shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    modality = Modality(name="T1")
    inside = np.zeros((16, 16, 16), bool)
    inside[4:12, 4:12, 4:12] = True
    tissue = rng.uniform(100, 900, inside.shape).astype(np.float32)
    source = Grid(inside.shape, (1.0, 1.0, 1.0))
    target = Grid(inside.shape, (1.0, 1.0, 1.0), (shift, shift, shift))
    zero, other = (
        resample_scan(np.where(inside, tissue, v).astype(np.float32), source, target, modality)
        for v in (0, value)
    )
    np.testing.assert_array_equal(normalise(other, modality), normalise(zero, modality))


def test_the_background_of_standardised_tissue_is_next_to_it() -> None:
    tissue = np.random.default_rng(0).normal(size=(16, 16, 16)).astype(np.float32)
    tissue[:, :8] = -1024
    near = near_background(tissue, Modality(name="T1"))
    assert near.min() == tissue[:, 8:].min()
    np.testing.assert_array_equal(near[:, 8:], tissue[:, 8:])
    ct = Modality(name="CT", normalisation="window", window=(-160, 240))
    assert near_background(tissue, ct) is tissue
