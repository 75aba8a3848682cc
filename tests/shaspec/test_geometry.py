"""Positions of voxels for any orientation of a file."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibabel.orientations import aff2axcodes

from shaspec.errors import InputError
from shaspec.geometry import Grid

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])
SHAPES = st.tuples(*[st.integers(1, 6)] * 3)
SPACINGS = st.tuples(*[st.floats(0.1, 10)] * 3)
ORIGINS = st.tuples(*[st.floats(-300, 300)] * 3)
ORIENTATIONS = st.tuples(st.permutations(range(3)), st.tuples(*[st.sampled_from([1, -1])] * 3))


def rotation(angles: Any) -> Any:
    """A rotation about x, then y, then z by radians."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[[a, a, b, b], [a, b, a, b]] = (
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        )
        matrix = turn @ matrix
    return matrix


def make_affine(orientation: Any, spacing: Any, origin: Any, angles: Any = (0, 0, 0)) -> Any:
    axes, signs = orientation
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles) @ (np.eye(3)[:, list(axes)] * signs) * spacing
    affine[:3, 3] = origin
    return affine


def test_there_are_48_orthogonal_orientations_and_each_becomes_spl() -> None:
    seen = set()
    for axes, signs in itertools.product(
        itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)
    ):
        affine = make_affine((axes, signs), (1, 2, 3), (4, 5, 6))
        seen.add(aff2axcodes(affine))
        grid = Grid.from_affine(affine, (2, 3, 4))
        world = grid.voxel_to_lps()
        # (s, p, l) voxel axes run along +S, +P, +L; world order is (L, P, S).
        assert (np.diag(world[:3, :3][::-1]) > 0).all()
        assert not grid.oblique
    assert len(seen) == 48


@given(ORIENTATIONS, SHAPES, SPACINGS, ORIGINS)
def test_any_orthogonal_orientation_round_trips_without_loss(
    orientation: Any, shape: Any, spacing: Any, origin: Any
) -> None:
    affine = make_affine(orientation, spacing, origin)
    grid = Grid.from_affine(affine, shape)
    data = np.arange(np.prod(shape)).reshape(shape)
    array = grid.from_file(data)
    assert array.shape == grid.shape
    assert grid.file_shape == shape
    np.testing.assert_array_equal(grid.to_file(array), data)
    np.testing.assert_array_equal(grid.affine, affine)
    assert sorted(grid.spacing) == pytest.approx(sorted(spacing))


@given(ORIENTATIONS, SHAPES, SPACINGS, ORIGINS, st.tuples(*[st.floats(-0.5, 0.5)] * 3))
def test_every_voxel_stays_where_it_is_in_the_world(
    orientation: Any, shape: Any, spacing: Any, origin: Any, angles: Any
) -> None:
    affine = make_affine(orientation, spacing, origin, angles)
    grid = Grid.from_affine(affine, shape)
    ijk = np.indices(shape)
    true = RAS_TO_LPS @ (affine[:3, :3] @ ijk.reshape(3, -1) + affine[:3, 3:])
    moved = np.stack([grid.from_file(axis.reshape(shape)) for axis in true])
    ours = grid.world(np.indices(grid.shape).reshape(3, -1))
    np.testing.assert_allclose(ours, moved.reshape(3, -1), atol=1e-6)


@given(ORIENTATIONS, SHAPES, SPACINGS, ORIGINS)
def test_scale_and_translate_place_an_orthogonal_volume(
    orientation: Any, shape: Any, spacing: Any, origin: Any
) -> None:
    grid = Grid.from_affine(make_affine(orientation, spacing, origin), shape)
    voxels = np.indices(grid.shape).reshape(3, -1)
    shown = (voxels.T * grid.spacing + grid.origin).T[::-1]  # (L, P, S)
    np.testing.assert_allclose(shown, grid.world(voxels), atol=1e-6)


def test_an_oblique_volume_is_shown_about_its_true_centre() -> None:
    affine = make_affine(((0, 1, 2), (1, 1, 1)), (1, 1, 2), (10, 20, 30), (0.2, 0.1, 0.3))
    grid = Grid.from_affine(affine, (5, 6, 7))
    assert grid.oblique
    centre = (np.array(grid.shape) - 1) / 2
    shown = (centre * grid.spacing + grid.origin)[::-1]
    np.testing.assert_allclose(shown, grid.world(centre[:, None])[:, 0], atol=1e-9)


def test_a_rotation_that_is_only_rounding_is_not_oblique() -> None:
    affine = make_affine(((0, 1, 2), (1, 1, 1)), (1, 1, 1), (0, 0, 0), (1e-5, 0, 0))
    assert not Grid.from_affine(affine, (5, 5, 5)).oblique


def test_a_grid_without_a_file_has_the_affine_of_one() -> None:
    grid = Grid((4, 5, 6), (3.0, 1.0, 0.5), (10.0, 20.0, 30.0))
    again = Grid.from_affine(grid.affine, grid.file_shape)
    assert again.matches(grid)
    assert (again.shape, again.spacing, again.origin) == (grid.shape, grid.spacing, grid.origin)
    data = np.arange(120).reshape(4, 5, 6)
    np.testing.assert_array_equal(grid.from_file(grid.to_file(data)), data)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Grid((4, 5, 6), (1.0, 1.0, 1.0)), True),
        (Grid((4, 5, 6), (1.0, 1.0, 1.0), (0.001, 0.0, 0.0)), True),
        (Grid((4, 5, 6), (1.0, 1.0, 1.0), (0.5, 0.0, 0.0)), False),
        (Grid((4, 5, 6), (1.0, 1.0, 1.1)), False),
        (Grid((4, 5, 7), (1.0, 1.0, 1.0)), False),
    ],
)
def test_grids_match_if_their_corners_do(other: Grid, same: bool) -> None:
    grid = Grid((4, 5, 6), (1.0, 1.0, 1.0))
    assert grid.matches(other) == other.matches(grid) == same


def test_a_voxel_is_measured_in_millilitres() -> None:
    assert Grid((4, 5, 6), (2.0, 1.0, 0.5)).voxel_ml == pytest.approx(0.001)


@pytest.mark.parametrize(
    "affine", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.eye(3), np.ones((4, 4))]
)
def test_an_affine_that_makes_no_sense_is_refused(affine: Any) -> None:
    with pytest.raises(InputError, match="affine"):
        Grid.from_affine(affine, (4, 5, 6))


@given(ORIENTATIONS, SPACINGS, ORIGINS, st.tuples(*[st.floats(-0.5, 0.5)] * 3), st.integers(1, 8))
def test_a_block_lies_on_the_voxels_that_it_covers(
    orientation: Any, spacing: Any, origin: Any, angles: Any, step: int
) -> None:
    grid = Grid.from_affine(make_affine(orientation, spacing, origin, angles), (12, 10, 9))
    blocks = grid.blocks(np.array([1, 0, 2]), np.full(3, step), (2, 2, 2))
    index = np.array([[0], [1], [1]])
    covered = np.array([[1.0], [0.0], [2.0]]) + step * index + (step - 1) / 2
    np.testing.assert_allclose(blocks.world(index), grid.world(covered), atol=1e-6)
    shown = np.array(grid.origin) + covered[:, 0] * grid.spacing
    np.testing.assert_allclose(
        np.array(blocks.origin) + index[:, 0] * blocks.spacing, shown, atol=1e-6
    )
    volume = np.random.default_rng(0).random((2, 2, 2))
    np.testing.assert_array_equal(blocks.from_file(blocks.to_file(volume)), volume)


def test_a_picture_is_measured_in_pixels_and_has_no_place_in_space() -> None:
    grid = Grid((4, 5), (1.0, 1.0))
    assert (grid.origin, grid.dims, grid.unit, grid.voxel_size) == ((0.0, 0.0), 2, "px", 1.0)
    assert grid.matches(Grid((4, 5), (1.0, 1.0)))
    assert not grid.matches(Grid((4, 5), (1.0, 2.0)))
    assert not grid.matches(Grid((4, 5, 1), (1.0, 1.0, 1.0)))
    assert not grid.oblique
    np.testing.assert_array_equal(grid.world(np.array([[3.0], [4.0]])), [[4.0], [3.0]])
    with pytest.raises(InputError, match=r"save it as \.png"):
        grid.affine  # noqa: B018


def test_axes_spacings_and_origin_must_be_as_many() -> None:
    with pytest.raises(InputError, match="a grid of 2 axes with 3 spacings"):
        Grid((4, 5), (1.0, 1.0, 1.0))


def test_a_grid_without_a_file_lies_as_one_whose_file_says_the_same() -> None:
    made = Grid((4, 5, 6), (3.0, 2.0, 1.0), (7.0, -5.0, 2.0))
    read = Grid.from_affine(made.affine, made.file_shape)
    np.testing.assert_allclose(made.voxel_to_lps(), read.voxel_to_lps())
    assert made.matches(read)


@pytest.mark.parametrize("spacing", [0.2, 1.0, 5.0])
def test_grids_match_up_to_a_hundredth_of_a_voxel_at_every_corner(spacing: float) -> None:
    grid = Grid((10, 8, 6), (spacing,) * 3)
    for shift, same in ((0.009, True), (0.011, False)):
        assert grid.matches(Grid(grid.shape, grid.spacing, (shift * spacing, 0.0, 0.0))) == same
    # The same first voxel; the last one, 9 further, is off by this part of a voxel.
    for off, same in ((0.0095, True), (0.0105, False)):
        longer = spacing * (1 + off / 9)
        assert grid.matches(Grid(grid.shape, (longer, spacing, spacing))) == same
