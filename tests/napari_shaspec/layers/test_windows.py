"""Presets of intensity windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_shaspec.layers.windows import (
    FULL,
    HOUNSFIELD,
    INSIDE,
    PERCENT,
    ends,
    level_width,
    limits_of,
    presets_of,
)
from shaspec.task import Modality

MR = Modality(name="FLAIR")
CT = Modality(name="CT", unit="HU")
OLD_CT = Modality(name="CT", normalisation="window", window=(-160.0, 240.0))


def test_percentiles_are_those_of_all_voxels_and_of_the_foreground():
    head = np.zeros((20, 20, 20), np.float32)
    head[5:15, 5:15, 5:15] = np.linspace(100, 300, 1000).reshape(10, 10, 10)
    head[0, 0, 0] = np.nan
    assert limits_of(FULL, head) == (0, 300)
    assert limits_of(PERCENT, head) == pytest.approx((0, np.percentile(head[1:], 99)), rel=0.02)
    assert limits_of(INSIDE, head) == pytest.approx((104, 296), abs=0.5)


@pytest.mark.parametrize("modality", [CT, OLD_CT])
def test_a_ct_is_known_by_its_unit_or_its_window(modality):
    assert modality.is_ct
    assert not MR.is_ct


def test_ct_has_windows_in_hounsfield_units_at_first():
    assert presets_of(ct=True)[: len(HOUNSFIELD)] == tuple(HOUNSFIELD)
    volume = np.zeros((3, 3, 3))
    assert limits_of("Brain", volume) == (0, 80)
    assert limits_of("Abdomen", volume) == (-150, 250)
    assert limits_of("Liver", volume) == (-45, 105)


def test_other_modalities_have_none_of_these():
    assert not set(HOUNSFIELD) & set(presets_of(ct=False))


@pytest.mark.parametrize("preset", presets_of(ct=False))
@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_an_empty_volume_has_a_window_of_some_width(preset, value):
    low, high = limits_of(preset, np.full((4, 4, 4), value))
    assert low < high


@given(level=st.floats(-1e4, 1e4), width=st.floats(0.1, 1e4))
def test_level_and_width_are_the_limits(level, width):
    assert level_width(ends(level, width)) == pytest.approx((level, width), abs=1e-6)
