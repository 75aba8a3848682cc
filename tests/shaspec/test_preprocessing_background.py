"""Background depends on the values in a volume: padding and cropping change no other voxel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.preprocessing import (
    SAMPLE,
    _sample,
    background,
    bounding_box,
    content,
    content_box,
    fill_value,
    foreground,
    foreground_box,
    normalise,
)
from shaspec.task import Modality

MR = Modality(name="T1")
CT = Modality(name="CT", normalisation="window", window=(-160, 240))

margins = st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 9))] * 3)
seeds = st.integers(0, 1000)


def ball(seed: int, shape: tuple[int, ...] = (22, 20, 18)) -> Any:
    """Tissue of 100 to 900 in a ball that touches no face, 0 around it; float32."""
    axes = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in shape)]
    tissue = np.random.default_rng(seed).normal(500, 100, shape).clip(100, 900)
    return np.where(sum(axis**2 for axis in axes) < 0.8, tissue, 0).astype(np.float32)


def stripped(seed: int) -> Any:
    return ball(seed)


def stripped_integers(seed: int) -> Any:
    return ball(seed).round().astype(np.int16)


def stripped_in_few_steps(seed: int) -> Any:
    return (ball(seed) / 60).round().astype(np.uint8)


def inside_the_head(seed: int) -> Any:
    return ball(seed)[7:15, 6:14, 5:13]


def standardised_by_others(seed: int) -> Any:
    volume = ball(seed)
    return np.where(volume > 0, (volume - 500) / 100, 0).astype(np.float32)


def stripped_and_resampled(seed: int) -> Any:
    """Ripples of a cubic spline around the tissue, some of them exactly 0."""
    volume = scipy.ndimage.shift(ball(seed), (0.4, 0.3, -0.5), order=3, output=np.float32)
    return np.where(np.abs(volume) < 1e-3, 0, volume)


def noisy_air(seed: int) -> Any:
    return ball(seed) + np.random.default_rng(seed).rayleigh(20, (22, 20, 18)).astype(np.float32)


def noisy_air_in_integers(seed: int) -> Any:
    """Rician noise: a tenth of the air is 0 by chance."""
    return (ball(seed) + np.random.default_rng(seed).rayleigh(1.1, (22, 20, 18))).round()


def another_background(seed: int) -> Any:
    return ball(seed) - 1000


def padding_far_below(seed: int) -> Any:
    volume = inside_the_head(seed).copy()
    volume[0, 0] = -3000
    return volume


def mask(seed: int) -> Any:
    return (ball(seed) > 0).astype(np.uint8)


def one_voxel(seed: int) -> Any:
    volume = np.zeros((9, 8, 7), np.float32)
    volume.flat[seed % volume.size] = 7
    return volume


KINDS = [
    stripped,
    stripped_integers,
    stripped_in_few_steps,
    inside_the_head,
    standardised_by_others,
    stripped_and_resampled,
    noisy_air,
    noisy_air_in_integers,
    another_background,
    padding_far_below,
    mask,
    one_voxel,
]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=seeds, margin=margins)
def test_padding_with_zeros_changes_no_intensity(kind: Any, seed: int, margin: Any) -> None:
    volume = kind(seed)
    out = normalise(np.pad(volume, margin), MR)
    inner = tuple(slice(a, a + n) for (a, _), n in zip(margin, volume.shape, strict=True))
    np.testing.assert_array_equal(out[inner], normalise(volume, MR))
    out[inner] = 0
    assert not out.any()


@pytest.mark.parametrize("kind", [stripped, stripped_integers, another_background])
@given(seed=seeds, margin=margins)
def test_padding_with_the_background_changes_no_intensity(
    kind: Any, seed: int, margin: Any
) -> None:
    volume = kind(seed)
    value = background(volume)
    assert value is not None
    out = normalise(np.pad(volume, margin, constant_values=value), MR)
    inner = tuple(slice(a, a + n) for (a, _), n in zip(margin, volume.shape, strict=True))
    np.testing.assert_array_equal(out[inner], normalise(volume, MR))
    out[inner] = 0
    assert not out.any()


@pytest.mark.parametrize("kind", [stripped, stripped_integers, standardised_by_others])
@given(seed=seeds, corner=st.tuples(*[st.integers(0, 12)] * 3), data=st.data())
def test_a_crop_keeps_background_background_and_tissue_tissue(
    kind: Any, seed: int, corner: tuple[int, ...], data: st.DataObject
) -> None:
    volume = kind(seed)
    sizes = [data.draw(st.integers(1, n - c)) for n, c in zip(volume.shape, corner, strict=True)]
    crop = volume[tuple(slice(c, c + n) for c, n in zip(corner, sizes, strict=True))]
    np.testing.assert_array_equal(foreground(crop, background(crop)), crop != 0)


@given(seeds)
def test_a_crop_inside_the_head_has_no_background(seed: int) -> None:
    crop = inside_the_head(seed)
    assert background(crop) is None
    assert (normalise(crop, MR) != 0).all()
    assert foreground_box(crop) == (slice(0, 8),) * 3


@given(seeds)
def test_zeros_that_are_noise_are_not_background_and_zeros_around_them_are(seed: int) -> None:
    volume = noisy_air_in_integers(seed)
    assert (volume == 0).mean() > 0.05
    assert foreground(volume, background(volume)).mean() > 0.99
    padded = np.pad(volume, 3)
    around = np.pad(np.zeros(volume.shape, bool), 3, constant_values=True)
    assert not foreground(padded, background(padded))[around].any()


@pytest.mark.parametrize("value", [-1024.0, -1.0, 37.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_background_that_was_interpolated_is_found(value: float, dtype: Any) -> None:
    volume = (ball(0) + value).astype(dtype)
    outside = ball(0) == 0
    rounding = np.random.default_rng(0).uniform(-1, 1, volume.shape) * abs(value) * 1e-7
    volume[outside] += rounding[outside].astype(dtype)
    np.testing.assert_array_equal(foreground(volume, background(volume)), ~outside)


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_saturated_tissue_is_not_background(share: float) -> None:
    tissue = inside_the_head(0)
    low, high = np.quantile(tissue, (share, 1 - share))
    for ends in ((low, high), (None, high)):
        assert background(tissue.clip(*ends)) is None


@pytest.mark.parametrize("values", [(0, 1), (3, 7), (-2, 0), (0, 1, 2, 4)])
def test_an_image_of_few_values_has_a_box_with_ends(values: tuple[int, ...]) -> None:
    volume = np.random.default_rng(0).choice(np.array(values, np.int16), (6, 5, 4))
    out = normalise(volume, MR)
    assert np.isfinite(out).all()
    for box in (content_box(out, MR), foreground_box(volume)):
        assert all(0 <= s.start < s.stop <= n for s, n in zip(box, volume.shape, strict=True))


@given(st.integers(1, 3), st.floats(0, 7.5))
def test_a_sample_of_a_volume_of_any_size_is_small_but_not_too_small(
    dims: int, digits: float
) -> None:
    side = round(10 ** (digits / dims))
    volume = np.broadcast_to(np.float32(0), (side,) * dims)  # takes no memory
    assert min(volume.size, SAMPLE / 2**dims) <= _sample(volume).size <= 1.1 * SAMPLE


def test_an_empty_mask_has_the_whole_volume_as_its_box() -> None:
    assert bounding_box(np.zeros((3, 4, 5), bool)) == (slice(0, 3), slice(0, 4), slice(0, 5))


@given(seeds)
def test_a_bounding_box_is_that_of_the_voxels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 9, (int(rng.integers(1, 5)), 3))
    volume = np.zeros((9, 9, 9), bool)
    volume[tuple(points.T)] = True
    expected = zip(points.min(axis=0), points.max(axis=0) + 1, strict=True)
    assert bounding_box(volume) == tuple(slice(int(a), int(b)) for a, b in expected)


# -- what stands for "not measured" --------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(seed=seeds)
def test_padding_becomes_background_and_changes_no_other_voxel(kind: Any, seed: int) -> None:
    volume = kind(seed)
    out = normalise(np.pad(volume, 4, constant_values=fill_value(volume, MR)), MR)
    np.testing.assert_array_equal(out[4:-4, 4:-4, 4:-4], normalise(volume, MR))
    out[4:-4, 4:-4, 4:-4] = 0
    assert not out.any()


@given(st.integers(-1024, 200), st.integers(1, 3000), seeds)
def test_a_ct_is_padded_with_the_value_of_air(low: int, width: int, seed: int) -> None:
    volume = np.random.default_rng(seed).integers(low, low + width, (5, 6, 7), np.int16)
    fill = fill_value(volume, CT)
    assert fill <= volume.min()
    assert not normalise(np.full((2, 2, 2), fill), CT).any()


def test_a_depth_map_is_filled_with_its_smallest_value() -> None:
    depth = Modality(name="depth", normalisation="minmax")
    assert fill_value(np.array([[4.0, 2.0], [9.0, 9.0]]), depth) == 2


@given(seeds)
def test_the_content_of_a_ct_does_not_depend_on_where_it_is_cut(seed: int) -> None:
    air = np.random.default_rng(seed).normal(-1000, 12, (22, 20, 18)).round()
    body = ball(seed) > 0
    out = normalise(np.where(body, 50, air).astype(np.int16), CT)
    np.testing.assert_array_equal(content(out[None], CT)[0], body[0])
    crop = (slice(5, 9), slice(0, 20), slice(9, 18))
    assert content_box(out[crop], CT) == bounding_box(body[crop])
