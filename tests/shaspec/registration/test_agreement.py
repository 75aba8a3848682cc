"""Normalised mutual information: its range, and what it does not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.registration.agreement import Agreement, normalised_information
from shaspec.registration.rigid import Rigid

RANDOM = np.random.default_rng(1)


@given(st.integers(0, 2**32 - 1))
def test_information_lies_between_0_and_1_and_is_symmetric(seed: int) -> None:
    joint = np.random.default_rng(seed).uniform(0, 1, (6, 6)) ** 4
    value = normalised_information(joint)
    assert 0 <= value <= 1
    assert value == pytest.approx(normalised_information(joint.T))


def test_independent_scans_say_nothing_of_each_other() -> None:
    one, other = RANDOM.uniform(0.1, 1, (2, 8))
    assert normalised_information(np.outer(one, other)) == pytest.approx(0, abs=1e-9)


def test_scans_that_determine_each_other_have_all_information() -> None:
    assert normalised_information(np.diag(RANDOM.uniform(0.1, 1, 8))) == pytest.approx(1)


def test_a_constant_scan_has_no_information() -> None:
    joint = np.zeros((4, 4))
    joint[2, 2] = 5
    assert normalised_information(joint) == 0


def measure(scan: np.ndarray) -> Agreement:
    """Of a random scan with ``scan``, which has the same grid."""
    points = RANDOM.uniform(1, 10, (3, 3000))
    values = RANDOM.uniform(0, 1, 3000)
    return Agreement(points, values, scan, np.eye(4))


def test_scans_that_do_not_overlap_agree_less_the_further_they_are_apart() -> None:
    agreement = measure(RANDOM.uniform(0, 1, (12, 12, 12)).astype(np.float32))
    near, far = (agreement(Rigid.about((0, 0, 0), (0, 0, 0), (d, 0, 0))) for d in (9.5, 40))
    assert far <= near < 0 < agreement(Rigid())
