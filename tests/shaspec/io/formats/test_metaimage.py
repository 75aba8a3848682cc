"""What MetaImage headers say beyond the plain case, and what they must not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.volumes import read_channels, read_header, read_volume

VOXELS = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
AFFINE = np.diag([-1.0, -2.0, 3.0, 1.0])


@pytest.fixture
def written(tmp_path: Path, metaimage_header: Callable[..., str]) -> Callable[..., Path]:
    """``written(array, data file, **fields)``: a header, with the voxels behind it if LOCAL."""

    def write(array: Any = VOXELS, data: str = "LOCAL", **fields: Any) -> Path:
        path = tmp_path / ("x.mha" if data == "LOCAL" else "x.mhd")
        text = metaimage_header(array, AFFINE, data, **fields).encode()
        path.write_bytes(text + array.tobytes(order="F") * (data == "LOCAL"))
        return path

    return write


@pytest.mark.parametrize(
    "name", ["../secret.raw", "/etc/hostname", "a/../../b", "C:\\x", "\\\\s\\x"]
)
def test_voxels_outside_of_the_folder_are_refused(name: str, written: Any, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.raw").write_bytes(VOXELS.tobytes())
    with pytest.raises(InputError, match=r"x\.mhd.*outside its folder"):
        read_volume(written(data=name))


@pytest.mark.parametrize("name", ["LIST", "x%03d.raw 1 3 1", "missing.raw"])
def test_voxels_in_several_or_missing_files_are_refused(name: str, written: Any) -> None:
    with pytest.raises(InputError, match=r"x\.mhd.*(several files|is missing)"):
        read_volume(written(data=name))


@pytest.mark.parametrize("skip", [0, 7, -1])
def test_a_header_of_another_program_in_the_data_file_is_skipped(
    skip: int, written: Any, tmp_path: Path
) -> None:
    (tmp_path / "x.raw").write_bytes(b"h" * abs(skip or 0) + VOXELS.tobytes(order="F"))
    volume = read_volume(written(data="x.raw", HeaderSize=skip))
    np.testing.assert_array_equal(volume.grid.to_file(volume.array), VOXELS)


def test_channels_are_volumes_in_their_order(written: Any) -> None:
    array = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)  # i, j, k, channel
    path = written(np.moveaxis(array, 3, 0), ElementNumberOfChannels=3, DimSize="5 4 3")
    assert read_header(path).shape == (5, 4, 3, 3)
    with pytest.raises(InputError, match="contains 3 volumes"):
        read_volume(path)
    for k, volume in enumerate(read_channels(path)):
        np.testing.assert_array_equal(volume.grid.to_file(volume.array), array[..., k])


def test_units_and_scaled_values_are_converted_with_a_notice(written: Any) -> None:
    volume = read_volume(written(DistanceUnits="cm", ElementSpacing="0.1 0.2 0.3"))
    np.testing.assert_allclose(volume.grid.spacing, (3, 2, 1))
    assert "converted to mm" in volume.notices[0]
    volume = read_volume(written(DistanceUnits="m"))
    np.testing.assert_allclose(volume.grid.spacing, (3, 2, 1))
    assert "read as mm" in volume.notices[0]
    fields = {"ElementToIntensityFunctionSlope": 2, "ElementToIntensityFunctionOffset": -10}
    volume = read_volume(written(**fields))
    np.testing.assert_allclose(volume.grid.to_file(volume.array), VOXELS * 2.0 - 10)
    assert "scaled" in volume.notices[0]


def test_a_header_without_directions_is_read_with_a_notice(written: Any) -> None:
    volume = read_volume(written(TransformMatrix=None))
    assert not volume.oriented
    assert "no orientation in its header" in volume.notices[0]
    np.testing.assert_allclose(volume.grid.affine, AFFINE)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"DimSize": "5 4"}, "volume needs 3"),
        ({"NDims": 2}, "cannot be read"),
        ({"DimSize": "0 4 3"}, "dimensions"),
        ({"DimSize": "-5 4 3"}, "dimensions"),
        ({"DimSize": "30000 30000 30000"}, "more than 2 GiB"),
        ({"DimSize": None}, "has no 'dimsize'"),
        ({"DimSize": "five 4 3"}, "cannot be read"),
        ({"ElementSpacing": "1 0 1"}, "voxels of"),
        ({"ElementSpacing": "1 nan 1"}, "not finite"),
        ({"TransformMatrix": "1 0 0 1 0 0 0 0 1"}, "singular"),
        ({"Offset": "1e12 0 0"}, "kilometres"),
        ({"ElementType": "MET_STRING"}, "not binary numbers"),
        ({"BinaryData": "False"}, "not binary numbers"),
        ({"ObjectType": "Tube"}, "not an image"),
        ({"ElementNumberOfChannels": 0}, "channels"),
        ({"ElementToIntensityFunctionSlope": 0}, "scaled"),
        ({"CompressedData": True}, "damaged"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    fields: dict[str, Any], message: str, written: Any
) -> None:
    with pytest.raises(InputError, match=rf"x\.mha.*({message})"):
        read_volume(written(**fields))


TWICE = {
    "NDims": st.integers(0, 9),
    "DimSize": st.permutations([5, 4, 3]).map(lambda sizes: " ".join(map(str, sizes))),
    "ElementType": st.sampled_from(["MET_USHORT", "MET_SHORT"]),
    "ElementSpacing": st.sampled_from(["1 2 3", "3 2 1"]),
    "BinaryDataByteOrderMSB": st.booleans(),
    "ElementByteOrderMSB": st.booleans(),
    "Offset": st.sampled_from(["0 0 0", "1 2 3"]),
    "Position": st.sampled_from(["0 0 0", "1 2 3"]),
    "Origin": st.sampled_from(["0 0 0", "1 2 3"]),
    "Rotation": st.sampled_from(["1 0 0 0 1 0 0 0 1", "0 1 0 1 0 0 0 0 1"]),
}
"""Fields of which two may contradict each other, by the same or by another name."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_second_value_of_a_field_changes_nothing_or_is_refused(
    written: Any, data: st.DataObject
) -> None:
    plain = read_volume(written())
    name = data.draw(st.sampled_from(sorted(TWICE)))
    path = written()
    head, body = path.read_bytes().split(b"ElementDataFile", 1)
    second = f"{name} = {data.draw(TWICE[name])}\n".encode()
    path.write_bytes(head + second + b"ElementDataFile" + body)
    try:
        volume = read_volume(path)
    except InputError as error:
        assert "two" in str(error) or "other numbers" in str(error)  # noqa: PT017
    else:
        np.testing.assert_array_equal(volume.array, plain.array)
        np.testing.assert_array_equal(volume.grid.affine, plain.grid.affine)


def test_a_header_that_names_itself_is_refused(written: Any) -> None:
    path = written(data="x.mhd", DimSize="2 1 1")
    with pytest.raises(InputError, match=r"x\.mhd: names itself"):
        read_volume(path)


def test_without_a_voxel_size_1_mm_is_assumed_and_said(written: Any) -> None:
    volume = read_volume(written(ElementSpacing=None))
    assert volume.grid.spacing == (1, 1, 1)
    assert "no voxel size" in volume.notices[0]
