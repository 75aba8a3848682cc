"""The picture of a series is its middle slice, upright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shaspec.dicom import Series, dicom_files, middle_slice, read_studies
from shaspec.errors import InputError
from tests.made_up_dicom import NAME, SHAPE, voxels, write_series


def series_of(folder: Path) -> Series:
    with dicom_files(folder) as files:
        return read_studies(files)[0].series[0]


@pytest.mark.parametrize(
    ("axes", "flips"),
    [
        ((1, 0, 0, 0, 1, 0), ()),  # axial
        ((-1, 0, 0, 0, -1, 0), (0, 1)),  # axial, turned by half a circle
        ((0, 1, 0, 0, 0, -1), ()),  # sagittal
        ((0, 1, 0, 0, 0, 1), (0,)),  # sagittal, upside down
        ((-1, 0, 0, 0, 0, -1), (1,)),  # coronal, mirrored
    ],
)
def test_the_middle_slice_is_upright(
    axes: tuple[float, ...], flips: tuple[int, ...], tmp_path: Path
) -> None:
    write_series(tmp_path, 3, "t2", axes=axes)
    expected = np.flip(voxels(3)[SHAPE[0] // 2], flips)
    np.testing.assert_array_equal(middle_slice(series_of(tmp_path)), expected)


def test_pixels_that_cannot_be_decoded_are_named_without_the_patient(tmp_path: Path) -> None:
    paths = write_series(tmp_path, 3, "t2")
    series = series_of(tmp_path)
    for path in paths:
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"series 3 \(t2\): its pixels cannot be decoded") as error:
        middle_slice(series)
    assert NAME.split("^")[0] not in str(error.value)


def test_files_that_are_gone_are_an_error_without_their_path(tmp_path: Path) -> None:
    paths = write_series(tmp_path, 3, "t2")
    series = series_of(tmp_path)
    for path in paths:
        path.unlink()
    with pytest.raises(InputError, match="cannot be decoded") as error:
        middle_slice(series)
    assert str(tmp_path) not in str(error.value)
