"""Labels that lie beside their lesion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.io.findings.place import NEAR_MM, best_move, misplaced

SHAPE, SPACING = (30, 36, 32), (4.0, 4.0, 4.0)
VALUES = dict.fromkeys(("FLAIR", "T1", "T2"), 0.0)
"""The background of the volumes."""
LESION = np.s_[12:18, 14:21, 12:18]


def brain(seed: int = 0) -> Any:
    """Tissue with a bright lesion inside a brain, 0 outside."""
    rng = np.random.default_rng(seed)
    scan = np.zeros(SHAPE, np.float32)
    scan[3:-3, 3:-3, 3:-3] = rng.normal(500, 40, (24, 30, 26))
    scan[LESION] += 200
    return scan


def truth(*move: int) -> Any:
    labels = np.zeros(SHAPE, np.uint8)
    labels[LESION] = 2
    return np.roll(labels, move, range(len(move)))


SUBSETS = [("FLAIR", "T2"), ("FLAIR",)]


@pytest.mark.parametrize("names", SUBSETS)
@given(st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_labels_are_found_if_their_lesion_lies_at_some_distance(
    names: tuple[str, ...], x: int, y: int, z: int
) -> None:
    volumes = {name: brain(seed) for seed, name in enumerate(names)}
    distance = float(np.linalg.norm([4 * x, 4 * y, 4 * z]))
    found = list(misplaced(truth(x, y, z), volumes, VALUES, SPACING))
    if distance == 0:
        assert not found
    elif NEAR_MM[0] + 3 <= distance <= NEAR_MM[1] - 3:
        assert "after a move of" in found[0].text


def test_the_move_leads_back_to_the_lesion() -> None:
    gain, move = best_move(truth(3, 0, 0), {"FLAIR": brain()}, VALUES, SPACING)
    assert gain > 0.5
    assert np.linalg.norm(move - (-12, 0, 0)) < 6


def test_a_lesion_that_is_bright_in_one_scan_only_is_left_to_that_scan() -> None:
    flat = brain(1)
    flat[LESION] -= 200
    volumes = {"FLAIR": brain(), "T2": flat}
    assert best_move(truth(3, 0, 0), volumes, VALUES, SPACING)[0] < best_move(
        truth(3, 0, 0), {"FLAIR": brain()}, VALUES, SPACING
    )[0]  # fmt: skip


@pytest.mark.parametrize("voxels", [0, 2])
def test_no_labels_and_few_labels_are_not_judged(voxels: int) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[9 : 9 + voxels, 9:11, 9:11] = 2
    assert list(misplaced(labels, {"FLAIR": brain()}, VALUES, SPACING)) == []


def test_a_small_brain_and_other_scans_are_not_judged() -> None:
    small = {"FLAIR": np.where(np.indices(SHAPE)[0] < 5, brain(), 0)}
    assert list(misplaced(truth(3), small, VALUES, SPACING)) == []
    assert list(misplaced(truth(3), {"T1": brain()}, VALUES, SPACING)) == []
