"""Rigid transforms compose, invert and refuse what is not rigid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.registration import Rigid

vectors = st.tuples(*[st.floats(-2, 2)] * 3)
places = st.tuples(*[st.floats(-100, 100)] * 3)
transforms = st.builds(Rigid.about, places, vectors, places)
POINTS = np.random.default_rng(0).uniform(-90, 90, (3, 20))


@given(transforms)
def test_the_inverse_undoes_a_transform(transform: Rigid) -> None:
    np.testing.assert_allclose(transform.inverse(transform(POINTS)), POINTS, atol=1e-9)


@given(transforms, transforms)
def test_a_product_applies_the_right_factor_first(one: Rigid, other: Rigid) -> None:
    np.testing.assert_allclose((one @ other)(POINTS), one(other(POINTS)), atol=1e-9)


@given(transforms)
def test_distances_between_points_stay_the_same(transform: Rigid) -> None:
    moved = transform(POINTS)
    before, after = (np.linalg.norm(p[:, :1] - p, axis=0) for p in (POINTS, moved))
    np.testing.assert_allclose(after, before, atol=1e-9)


@given(places, vectors)
def test_a_rotation_leaves_its_centre_in_place(
    centre: tuple[float, float, float], vector: tuple[float, float, float]
) -> None:
    point = np.array(centre)[:, None]
    np.testing.assert_allclose(Rigid.about(centre, vector, (0, 0, 0))(point), point, atol=1e-9)


@given(transforms, transforms, places)
def test_halfway_lies_in_the_middle_of_both(
    one: Rigid, other: Rigid, centre: tuple[float, float, float]
) -> None:
    middle = one.halfway(other, np.array(centre))
    point = np.array(centre)[:, None]
    np.testing.assert_allclose(middle(point), (one(point) + other(point)) / 2, atol=1e-6)
    back, on = one @ middle.inverse, middle @ other.inverse
    np.testing.assert_allclose(back.angle, on.angle, atol=1e-4)


def test_the_angle_is_in_degrees() -> None:
    assert Rigid.about((1, 2, 3), (0, np.pi / 6, 0), (4, 5, 6)).angle == pytest.approx(30)


@pytest.mark.parametrize(
    "matrix",
    [np.diag([1, 1, 1.1, 1]), np.diag([-1, 1, 1, 1]), np.eye(3), np.full((4, 4), np.nan)],
    ids=["scaled", "mirrored", "3x3", "nan"],
)
def test_what_is_not_rigid_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(InputError, match="rigid"):
        Rigid(matrix)
