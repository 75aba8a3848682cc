"""Pictures in and out: nothing changes its meaning on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.images import read_image, read_label_image, write_label_image

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (7, 9, 3)).astype(np.uint8)
GREY = RNG.integers(0, 256, (7, 9)).astype(np.uint8)


def save(path: Path, array: Any, mode: str | None = None) -> Path:
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(path)
    return path


def test_a_colour_picture_comes_channels_first(tmp_path: Path) -> None:
    array = read_image(save(tmp_path / "a.png", COLOUR), 3)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, np.moveaxis(COLOUR, -1, 0))


def test_opacity_is_left_out(tmp_path: Path) -> None:
    opaque = np.dstack([COLOUR, np.full((7, 9), 99, np.uint8)])
    array = read_image(save(tmp_path / "a.png", opaque), 3)
    np.testing.assert_array_equal(array, np.moveaxis(COLOUR, -1, 0))


def test_a_grey_picture_serves_as_colour(tmp_path: Path) -> None:
    array = read_image(save(tmp_path / "a.png", GREY), 3)
    np.testing.assert_array_equal(array, np.stack([GREY] * 3))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_depth_keeps_its_values(tmp_path: Path, dtype: Any) -> None:
    depth = GREY.astype(dtype) * dtype(200 if dtype != np.uint8 else 1)
    ending = "tif" if dtype == np.float32 else "png"
    array = read_image(save(tmp_path / f"d.{ending}", depth))
    np.testing.assert_array_equal(array, depth)


def test_depth_that_was_saved_as_a_colourless_colour_picture_is_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_image(save(tmp_path / "d.png", GREY, "RGB")), GREY)


def test_depth_in_colour_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"d\.png: is in colour, but this modality"):
        read_image(save(tmp_path / "d.png", COLOUR))


def test_infinite_depth_is_refused_and_nan_is_left_for_the_case(tmp_path: Path) -> None:
    depth = np.where(GREY > 100, np.nan, 1.0).astype(np.float32)
    np.testing.assert_array_equal(read_image(save(tmp_path / "d.tif", depth)), depth)
    with pytest.raises(InputError, match=r"d\.tif: has infinite pixels"):
        read_image(save(tmp_path / "d.tif", np.where(GREY > 100, np.inf, 1).astype(np.float32)))


def test_a_16_bit_picture_is_not_read_as_a_colour_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="save it as an 8-bit RGB"):
        read_image(save(tmp_path / "a.png", GREY.astype(np.uint16) * 200), 3)


def test_a_picture_is_turned_upright_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held on its side
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=exif)
    assert read_image(tmp_path / "a.png", 3).shape == (3, 9, 7)


def test_labels_are_grey_values_or_the_indices_of_a_palette(tmp_path: Path) -> None:
    labels = GREY % 3
    np.testing.assert_array_equal(read_label_image(save(tmp_path / "a.png", labels)), labels)
    picture = Image.fromarray(labels).convert("P")
    picture.putdata(labels.ravel().tolist())
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_label_image(tmp_path / "p.png"), labels)


def test_a_coloured_overview_is_not_read_as_a_label_map(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a label map has one channel"):
        read_label_image(save(tmp_path / "a.png", COLOUR))


def test_damaged_absent_and_multi_page_files_are_named_in_the_error(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", COLOUR)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=r"a\.png: is damaged or not a picture"):
        read_image(path, 3)
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(InputError, match=r"text\.png: is damaged or not a picture"):
        read_image(tmp_path / "text.png")
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "none.png")
    pages = Image.fromarray(GREY)
    pages.save(tmp_path / "m.tif", save_all=True, append_images=[pages])
    with pytest.raises(InputError, match="contains 2 pictures"):
        read_image(tmp_path / "m.tif")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.png", GREY)
    for limit in (40, 10):  # a warning of Pillow's, and its error
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(InputError, match="too many pixels"):
            read_image(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(labels=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_written_labels_are_read_back(tmp_path: Path, labels: Any) -> None:
    path = write_label_image(tmp_path / "out" / "s.png", labels, Grid(labels.shape, (1.0, 1.0)))
    np.testing.assert_array_equal(read_label_image(path), labels)


def test_labels_of_a_picture_are_written_as_png_only(tmp_path: Path) -> None:
    labels = np.zeros((4, 5), np.uint8)
    grid = Grid((4, 5), (1.0, 1.0))
    for name in ("s.nii.gz", "s.jpg"):
        with pytest.raises(InputError, match=r"written as \.png"):
            write_label_image(tmp_path / name, labels, grid)
    with pytest.raises(InputError, match="their grid"):
        write_label_image(tmp_path / "s.png", labels[:2], grid)
    with pytest.raises(InputError, match="integers from 0 to 255"):
        write_label_image(tmp_path / "s.png", labels - 0.5, grid)
