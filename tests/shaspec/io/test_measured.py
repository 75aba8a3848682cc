"""NaN and invalid values are background, for every kind of normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.io.measured import measured
from shaspec.preprocessing import normalise
from shaspec.task import Modality

MODALITIES = [
    Modality(name="MR", invalid=(65535,)),
    Modality(name="CT", normalisation="window", window=(-160, 240), invalid=(65535,)),
    Modality(name="depth", normalisation="minmax", invalid=(0, 65535)),
    Modality(name="grey", normalisation="range", invalid=(65535,)),
    Modality(name="fixed", normalisation="fixed", mean=7, deviation=2, invalid=(65535,)),
]


@pytest.mark.parametrize("modality", MODALITIES, ids=lambda m: m.name)
@given(seed=st.integers(0, 99), holes=st.integers(1, 40), kind=st.sampled_from(["nan", "invalid"]))
def test_unmeasured_voxels_become_0_and_change_no_others(
    modality: Modality, seed: int, holes: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    whole: Any = rng.integers(1, 900, (8, 9)).astype(np.float32)
    whole[0], whole[-1], whole[:, 0] = 0, 0, 0  # background, or invalid depth
    damaged = whole.copy()
    damaged.flat[rng.choice(whole.size, holes)] = np.nan if kind == "nan" else 65535
    found = measured(damaged, modality)
    bad = ~(damaged == whole)
    assert bool(found.notice)
    assert not found.absent
    assert (normalise(found.array, modality)[bad] == 0).all()
    np.testing.assert_array_equal(found.array[~bad & (whole > 0)], whole[~bad & (whole > 0)])


@pytest.mark.parametrize(
    ("array", "absent"),
    [
        (np.zeros((3, 4), np.uint8), "none of its values was measured"),
        (np.full((3, 4), 5, np.uint16), "every value is 5"),
        (np.array([[0, 9], [65535, 9]], np.uint16), "every value is 9"),
        (np.full((3, 4), np.nan), "none of its values was measured"),
    ],
)
def test_a_picture_without_contrast_is_absent(array: Any, absent: str) -> None:
    assert measured(array, MODALITIES[2]).absent == absent


def test_a_sound_volume_stays_the_array_it_was() -> None:
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    assert measured(array, Modality(name="MR")).array is array


@pytest.mark.parametrize("value", [-2147483648, np.finfo(np.float32).min, -1e20])
@pytest.mark.parametrize("modality", MODALITIES[:2], ids=lambda m: m.name)
def test_placeholders_far_below_every_scan_are_not_measured(
    modality: Modality, value: float
) -> None:
    whole: Any = np.random.default_rng(0).integers(1, 900, (8, 9, 7)).astype(np.float32)
    whole[:4] = 0
    damaged = np.where(whole == 0, np.float32(value), whole)
    found = measured(damaged, modality)
    assert "not measured" in found.notice
    np.testing.assert_array_equal(found.array[4:], whole[4:])
    assert (normalise(found.array, modality)[:4] == 0).all()
