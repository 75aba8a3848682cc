"""Ripples of resampling around a stripped brain are background."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shaspec.preprocessing import background, foreground, normalise
from shaspec.task import Modality

MR = Modality(name="T1")
SHAPE = (26, 24, 22)


def brain(seed: int) -> Any:
    """Tissue of 300 to 900 and a dark ventricle, 0 around it."""
    rng = np.random.default_rng(seed)
    away = np.sqrt(sum(axis**2 for axis in np.ogrid[-1:1:26j, -1:1:24j, -1:1:22j]))
    tissue = scipy.ndimage.gaussian_filter(rng.normal(600, 400, SHAPE), 1).clip(300, 900)
    tissue = np.where(away < 0.2, tissue / 6, tissue)
    return np.where(away < 0.75, tissue, 0).astype(np.float32)


def spline(volume: Any, shift: Any) -> Any:
    return scipy.ndimage.shift(volume, shift, order=3)


def sinc(volume: Any, shift: Any) -> Any:
    """Lanczos with a radius of four voxels."""
    for axis, part in enumerate(shift):
        x = np.arange(-4, 5) + part
        weights = np.sinc(x) * np.sinc(x / 4) * (np.abs(x) < 4)
        volume = scipy.ndimage.correlate1d(volume, weights / weights.sum(), axis, mode="constant")
    return volume


@pytest.mark.parametrize("way", [spline, sinc])
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
@settings(max_examples=6)
@given(seed=st.integers(0, 500), shift=st.tuples(*[st.floats(-0.5, 0.5)] * 3))
@example(3, (0.0, 0.0, -0.5))  # along one axis all ripples are about as deep
@example(3, (0.01, 0.0, 0.0))  # integers: ripples of a few units
@example(3, (0.0, 0.002, 0.0))
@example(3, (1e-4, 0.0, 0.0))
@example(3, (0.0, 9e-6, 0.0))  # all ripples are errors of rounding
def test_the_foreground_is_the_brain_that_was_resampled(
    way: Any, dtype: Any, seed: int, shift: Any
) -> None:
    volume = brain(seed)
    resampled = way(volume, shift).astype(dtype)
    share = scipy.ndimage.shift((volume > 0).astype(np.float32), shift, order=1)
    found = foreground(resampled, background(resampled))
    assert np.count_nonzero(found & (share == 0)) < 0.01 * np.count_nonzero(share)
    assert found[share > 0.99].mean() > 0.97
    assert not normalise(resampled, MR)[~found].any()


@settings(max_examples=6)
@given(seed=st.integers(0, 500), scale=st.floats(0.01, 100))
def test_a_standardised_scan_has_no_ripples(seed: int, scale: float) -> None:
    volume = brain(seed)
    inside = volume > 0
    standard = (volume - volume[inside].mean()) / volume[inside].std() * scale
    for noise in (0.0, scale):
        air = noise * np.random.default_rng(seed).normal(size=SHAPE)
        scan = np.where(inside, standard, air).astype(np.float32)
        assert foreground(scan, background(scan))[inside].all()


def test_a_tight_crop_without_any_zero_has_a_background() -> None:
    volume = spline(brain(1), (0.5, 0.5, 0.5))[3:-3, 3:-3, 3:-3]
    volume += np.float32(1e-6)
    assert background(volume) is not None
    assert not foreground(volume, background(volume))[0, 0, 0]
