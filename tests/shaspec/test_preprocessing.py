"""Normalisation of one modality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shaspec.errors import InputError
from shaspec.io import read_volume
from shaspec.preprocessing import (
    background,
    content_box,
    fill_value,
    foreground,
    foreground_box,
    near_background,
    normalise,
)
from shaspec.task import Modality

MR = Modality(name="T1")
BOX = (slice(3, 12), slice(2, 14), slice(4, 10))


def head(seed: int = 0, shape: tuple[int, int, int] = (14, 16, 12)) -> Any:
    """Random tissue of 100 to 900 in a box, 0 around it."""
    volume = np.zeros(shape, np.float32)
    tissue = np.random.default_rng(seed).normal(500, 100, volume[BOX].shape)
    volume[BOX] = np.clip(tissue, 100, 900)
    return volume


def test_the_foreground_gets_mean_0_and_deviation_1_and_the_background_0() -> None:
    volume = head()
    out = normalise(volume, MR)
    inside = out[volume != 0]
    assert out.dtype == np.float32
    assert abs(inside.mean()) < 1e-5
    assert abs(inside.std() - 1) < 1e-5
    assert (out[volume == 0] == 0).all()


@given(st.floats(1e-3, 1e3), st.sampled_from([0.0, -1024.0, 37.5, 1.0]), st.integers(0, 9))
def test_scale_and_background_value_make_no_difference(
    scale: float, offset: float, seed: int
) -> None:
    volume = head(seed)
    moved = (volume * np.float32(scale) + np.float32(offset * scale)).astype(np.float32)
    np.testing.assert_allclose(normalise(moved, MR), normalise(volume, MR), atol=2e-2)
    assert foreground_box(moved) == foreground_box(volume) == BOX


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f8"])
def test_every_type_of_file_gives_the_same(dtype: str) -> None:
    volume = np.round(head() / 4)
    np.testing.assert_allclose(
        normalise(volume.astype(dtype), MR), normalise(volume, MR), atol=1e-5
    )


def test_the_input_is_not_touched() -> None:
    volume = head()
    volume.setflags(write=False)
    before = volume.copy()
    normalise(volume, MR)
    np.testing.assert_array_equal(volume, before)


def test_a_few_wild_voxels_do_not_squeeze_the_rest() -> None:
    volume = head(shape=(40, 40, 40))
    big = np.pad(np.random.default_rng(0).normal(500, 100, (40, 40, 40)), 3).astype(np.float32)
    calm = normalise(big, MR)
    big[20, 20, 20:22] = 32767
    wild = normalise(big, MR)
    assert wild.max() < 5
    others = np.ones(big.shape, bool)
    others[20, 20, 20:22] = False
    np.testing.assert_allclose(wild[others], calm[others], atol=0.02)
    assert volume.max() <= 900


def test_a_head_that_is_not_stripped_keeps_all_its_voxels() -> None:
    rng = np.random.default_rng(0)
    noisy = head(shape=(30, 30, 30)) + rng.rayleigh(5.0, (30, 30, 30)).astype(np.float32)
    assert background(noisy) is None
    assert foreground(noisy, None).all()
    assert foreground_box(noisy) == (slice(0, 30),) * 3
    out = normalise(noisy, MR)
    assert abs(out.mean()) < 1e-4
    assert np.isfinite(out).all()


@pytest.mark.parametrize("value", [0, 1, -5])
def test_a_constant_volume_or_a_mask_becomes_finite_numbers(value: int) -> None:
    constant = np.full((5, 5, 5), value, np.int16)
    assert (normalise(constant, MR) == 0).all()
    assert foreground_box(constant) == (slice(0, 5),) * 3
    mask = np.zeros((9, 9, 9), np.uint8)
    mask[3:6, 3:6, 3:6] = 1
    assert np.isfinite(normalise(mask, MR)).all()
    assert foreground_box(mask) == (slice(3, 6),) * 3


def test_a_single_bright_voxel_survives() -> None:
    volume = np.zeros((9, 9, 9), np.float32)
    volume[4, 4, 4], volume[4, 4, 5] = 1.0, 2.0
    assert np.isfinite(normalise(volume, MR)).all()


def test_a_window_is_clipped_and_air_becomes_the_background() -> None:
    ct = Modality(name="CT", normalisation="window", window=(-160, 240))
    volume = np.array([-1024, -160, 40, 240, 3000], np.int16).reshape(5, 1, 1)
    out = normalise(volume, ct).ravel()
    assert out.dtype == np.float32
    root = np.sqrt(3)
    np.testing.assert_allclose(out, [0, 0, root, 2 * root, 2 * root], atol=1e-6)
    assert (out[:2] == 0).all()
    even = normalise(np.linspace(-160, 240, 1001).reshape(-1, 1, 1), ct)
    assert even.std() == pytest.approx(1, abs=0.01)


def test_the_box_of_a_ct_is_the_body_however_noisy_the_air() -> None:
    ct = Modality(name="CT", normalisation="window", window=(-160, 240))
    volume = np.random.default_rng(0).normal(-1000, 12, (14, 16, 12)).round().astype(np.int16)
    volume[BOX] = 50
    assert content_box(normalise(volume, ct), ct) == BOX


def test_a_modality_without_its_intensity_window_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="CT"):
        normalise(head(), Modality(name="CT", normalisation="window"))


@pytest.mark.parametrize("window", [(5.0, 5.0), (9.0, 1.0)])
def test_an_invalid_intensity_window_is_refused_with_the_task(window: Any) -> None:
    with pytest.raises(ValidationError, match="the first number is the smaller one"):
        Modality(name="CT", normalisation="window", window=window)


@given(st.integers(0, 1000))
def test_the_box_holds_the_whole_foreground_and_no_empty_border(seed: int) -> None:
    rng = np.random.default_rng(seed)
    volume = np.zeros((8, 9, 10), np.float32)
    volume[tuple(rng.integers(1, 7, (3, 5)))] = 1
    box = foreground_box(volume)
    assert volume[box].sum() == volume.sum()
    for axis, size in enumerate(volume[box].shape):
        for index in (0, size - 1):
            assert volume[box].take(index, axis).any()


@pytest.mark.slow
def test_stretched_and_other_real_volumes_come_out_alike(real_data: Path) -> None:
    for name in ("BraTS2021_01482", "BraTS2021_00006", "Brats17_CBICA_AXN_1"):
        for modality in ("flair", "t1", "t1ce", "t2"):
            volume = read_volume(
                real_data / "brats" / "labelled" / name / f"{name}_{modality}.nii.gz"
            ).array
            out = normalise(volume, MR)
            inside = out[volume != 0]
            assert abs(inside.mean()) < 1e-3
            assert abs(inside.std() - 1) < 1e-3
            assert -12 < out.min() < out.max() < 12
            assert not out[volume == 0].any()


@given(st.integers(0, 255), st.integers(0, 1000))
def test_a_picture_has_no_background_and_its_colours_share_one_range(fill: int, seed: int) -> None:
    rgb = Modality(name="RGB", channels=3, normalisation="range")
    picture = np.full((3, 9, 8), fill, np.uint8)
    picture[:, 4, 4] = np.random.default_rng(seed).integers(0, 256, 3)
    out = normalise(picture, rgb)
    expected = (picture / 127.5 - 1) * np.sqrt(3)
    np.testing.assert_allclose(out, expected, atol=1e-6)
    assert content_box(out, rgb) == (slice(0, 9), slice(0, 8))


def test_a_depth_map_in_any_unit_is_stretched_to_the_same_range() -> None:
    depth = Modality(name="depth", normalisation="minmax")
    metres = np.random.default_rng(0).uniform(0.4, 2.5, (9, 8)).astype(np.float32)
    out = normalise(metres, depth)
    assert (out.min(), out.max()) == pytest.approx((-np.sqrt(3), np.sqrt(3)), abs=1e-6)
    np.testing.assert_allclose(normalise(metres * 1000, depth), out, atol=1e-5)
    assert content_box(out, depth) == (slice(0, 9), slice(0, 8))
    assert np.isfinite(normalise(np.full((3, 3), 7), depth)).all()


def test_channels_are_standardised_one_by_one_and_share_a_box() -> None:
    echoes = Modality(name="echoes", channels=3)
    volume = np.stack([head(k) * 10.0**k for k in range(3)])
    volume[0] = np.roll(volume[0], 1, axis=0)  # reaches one voxel further
    out = normalise(volume, echoes)
    for channel, stored in zip(out, volume, strict=True):
        np.testing.assert_array_equal(channel, normalise(stored, MR))
    assert content_box(out, echoes) == (slice(3, 13), *BOX[1:])


@pytest.mark.parametrize("value", [-1024.0, -300.0, -150.0, -1.0, 0.0])
def test_only_a_far_background_is_brought_next_to_the_tissue(value: float) -> None:
    """Interpolation between -1024 and tissue would give intensities that count as tissue."""
    volume = head()
    outside = volume == 0
    volume[outside] = value
    near = near_background(volume, MR)
    np.testing.assert_array_equal(near[~outside], volume[~outside])
    np.testing.assert_array_equal(foreground(near, background(near)), ~outside)
    tissue = np.ptp(volume[~outside])
    assert (near[outside] == (0 if -value > tissue / 4 else value)).all()
    other = Modality(name="CT", normalisation="window", window=(-160, 240))
    assert near_background(volume, other) is volume


def test_a_volume_of_background_alone_is_left_as_it_is() -> None:
    empty = np.full((4, 5, 6), -1024, np.int16)
    empty[0, 0, 0] = -1023
    assert near_background(empty, MR) is empty


@pytest.mark.parametrize(
    ("modality", "low"),
    [
        (MR, -1024.0),
        (Modality(name="CT", normalisation="window", window=(-160, 240)), -1024.0),
        (Modality(name="CT", normalisation="window", window=(-2000, 240)), -2000.0),
        (Modality(name="photo", normalisation="minmax"), -1024.0),
    ],
)
def test_what_lies_outside_of_a_volume_is_background_or_dark(
    modality: Modality, low: float
) -> None:
    volume = head()
    volume[volume == 0] = -1024
    assert fill_value(volume, modality) == low
    padded = np.pad(volume, 2, constant_values=low)
    inner = (slice(2, -2),) * 3
    if modality.normalisation != "minmax":
        np.testing.assert_allclose(
            normalise(padded, modality)[inner], normalise(volume, modality), atol=1e-6
        )


def test_the_mean_and_deviation_of_a_data_set_become_0_and_1() -> None:
    photo = Modality(name="photo", normalisation="fixed", mean=100.0, deviation=20.0)
    pixels = np.random.default_rng(0).integers(0, 255, (12, 14)).astype(np.uint8)
    out = normalise(pixels, photo)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out * 20.0 + 100.0, pixels, atol=1e-4)


@pytest.mark.parametrize("low", [-3.0, 0.0, 7.0])
@pytest.mark.parametrize("width", [0.0, 0.5, 300.0])
def test_the_ends_of_a_depth_map_become_those_of_an_even_spread(low: float, width: float) -> None:
    depth = Modality(name="depth", normalisation="minmax")
    pixels = low + width * np.linspace(0, 1, 12).reshape(3, 4)
    out = normalise(pixels, depth)
    if width:
        np.testing.assert_allclose(
            out, np.sqrt(3) * np.linspace(-1, 1, 12).reshape(3, 4), atol=1e-5
        )
    else:
        assert np.ptp(out) == 0
        assert np.isfinite(out).all()


def test_the_few_voxels_that_differ_from_all_others_are_not_clipped() -> None:
    volume = np.full((24, 24, 24), 5, np.int16)
    volume[3, 4, 5] = 9
    out = normalise(volume, MR)
    assert out[3, 4, 5] > out[0, 0, 0] + 10


@pytest.mark.parametrize(
    ("repeats", "close", "found"), [(8, False, True), (7, False, False), (8, True, False)]
)
def test_few_voxels_are_background_only_far_below_all_others(
    repeats: int, close: bool, found: bool
) -> None:
    """As the corners of a scan that was turned: eight voxels or more, and nothing near them."""
    volume = np.random.default_rng(0).normal(500, 100, (20, 20, 20)).astype(np.float32)
    volume[0, 0, :repeats] = -1024
    if close:
        volume[1, 1, 1] = -1000
    assert background(volume) == (-1024 if found else None)
