"""What NRRD headers say beyond the plain case, and what they must not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io.volumes import read_channels, read_header, read_volume

VOXELS = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
CHANNELS = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
PLACE = {
    "space": "left-posterior-superior",
    "space directions": np.diag([1.0, 2.0, 3.0]),
    "space origin": np.array([4.0, 5.0, 6.0]),
    "encoding": "raw",
}
LPS = np.array([[-1.0, 0, 0, -4], [0, -2, 0, -5], [0, 0, 3, 6], [0, 0, 0, 1]])


def written(folder: Path, array: Any = VOXELS, **changes: Any) -> Path:
    fields = {key: v for key, v in (PLACE | changes).items() if v is not None}
    nrrd.write(str(folder / "x.nrrd"), array, fields)
    return folder / "x.nrrd"


def edited(path: Path, old: str, new: str) -> Path:
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode(), 1))
    return path


@pytest.mark.parametrize(
    ("space", "sides", "oriented", "said"),
    [
        ("left-posterior-superior", (-1, -1, 1), True, ""),
        ("LPS", (-1, -1, 1), True, ""),
        ("right-anterior-superior", (1, 1, 1), True, ""),
        ("ras", (1, 1, 1), True, ""),
        ("left-anterior-superior", (-1, 1, 1), True, ""),
        ("LAS", (-1, 1, 1), True, ""),
        ("scanner-xyz", (-1, -1, 1), True, "head first"),
        ("3D-right-handed", (-1, -1, 1), False, "no orientation"),
    ],
)
def test_the_space_says_which_way_the_axes_run(
    space: str, sides: Any, oriented: bool, said: str, tmp_path: Path
) -> None:
    volume = read_volume(written(tmp_path, space=space))
    expected = np.diag([*sides, 1.0]) @ np.diag([-1, -1, 1, 1]) @ LPS
    np.testing.assert_allclose(volume.grid.affine, expected)
    assert volume.oriented is oriented
    assert said in " ".join(volume.notices)
    assert bool(volume.notices) is bool(said)


@pytest.mark.parametrize("space", ["3D-left-handed", "nowhere", "right-up"])
def test_a_space_that_says_nothing_of_the_patient_is_refused(space: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.nrrd.*its space is"):
        read_volume(written(tmp_path, space=space))


def test_without_a_space_the_place_is_assumed_and_said(tmp_path: Path) -> None:
    for fields in (
        {"space": None, "space directions": None, "space origin": None, "spacings": [1, 2, 3]},
        {"space": None, "space dimension": 3},
    ):
        volume = read_volume(written(tmp_path, **fields))
        assert not volume.oriented
        assert "no orientation" in volume.notices[0]
        np.testing.assert_allclose(volume.grid.spacing, (3, 2, 1))


@pytest.mark.parametrize("unit", ["m", "cm", "um", "in"])
def test_units_are_converted_where_that_makes_sense(unit: str, tmp_path: Path) -> None:
    factor = {"m": 1000.0, "cm": 10.0, "um": 0.001, "in": 25.4}[unit]
    steps = np.diag([1.0, 2.0, 3.0]) / factor
    volume = read_volume(
        written(tmp_path, **{"space directions": steps, "space units": [unit] * 3})
    )
    np.testing.assert_allclose(volume.grid.spacing, (3, 2, 1))
    assert "converted to mm" in volume.notices[0]
    volume = read_volume(written(tmp_path, **{"space units": ["mm"] * 3}))
    assert volume.notices == ()
    volume = read_volume(written(tmp_path, **{"space units": ["furlong"] * 3}))
    assert "unknown unit (furlong)" in volume.notices[0]


@pytest.mark.parametrize("spacings", [None, [1, np.nan, 3]])
def test_without_a_voxel_size_1_mm_is_assumed_and_said(
    spacings: list[float] | None, tmp_path: Path
) -> None:
    fields = {"space": None, "space directions": None, "space origin": None, "spacings": spacings}
    volume = read_volume(written(tmp_path, **fields))
    assert "no voxel size in its header: 1 mm was assumed" in volume.notices[0]
    assert volume.grid.spacing[1] == 1


def test_a_header_that_names_itself_is_refused(tmp_path: Path) -> None:
    path = edited(written(tmp_path), "encoding: raw", "encoding: raw\ndata file: x.nrrd")
    with pytest.raises(InputError, match=r"x\.nrrd: names itself"):
        read_volume(path)


@pytest.mark.parametrize("kind", ["list", "vector", "time"])
@pytest.mark.parametrize("axis", [0, 3])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_channels_are_volumes_wherever_their_axis_is(
    kind: str, axis: int, encoding: str, tmp_path: Path
) -> None:
    kinds, steps = ["domain"] * 3, list(np.diag([1.0, 2.0, 3.0]))
    kinds.insert(axis, kind)
    steps.insert(axis, np.full(3, np.nan))
    path = written(tmp_path, np.moveaxis(CHANNELS, 3, axis), kinds=kinds, encoding=encoding,
                   **{"space directions": np.array(steps)})  # fmt: skip
    assert read_header(path).shape == CHANNELS.shape
    with pytest.raises(InputError, match="contains 3 volumes"):
        read_volume(path)
    for k, volume in enumerate(read_channels(path)):
        np.testing.assert_array_equal(volume.grid.to_file(volume.array), CHANNELS[..., k])
        np.testing.assert_allclose(volume.grid.affine, LPS)


def test_a_space_with_time_has_its_volumes_along_time(tmp_path: Path) -> None:
    steps = np.diag([1.0, 2.0, 3.0, 1.5])
    origin = np.array([4.0, 5.0, 6.0, 0.0])
    fields = {"space": "left-posterior-superior-time", "space directions": steps}
    path = written(tmp_path, CHANNELS, **fields, **{"space origin": origin})
    np.testing.assert_allclose(read_channels(path)[2].grid.affine, LPS)
    steps[0, 3] = 0.5
    with pytest.raises(InputError, match="mixed"):
        read_header(written(tmp_path, CHANNELS, **fields, **{"space origin": origin}))


@pytest.mark.parametrize("kind", ["RGB-color", "3-vector", "complex", "3D-symmetric-matrix"])
def test_colours_vectors_and_tensors_are_no_volumes(kind: str, tmp_path: Path) -> None:
    steps = np.array([np.full(3, np.nan), *np.diag([1.0, 2.0, 3.0])])
    kinds = [kind, "domain", "domain", "domain"]
    path = written(
        tmp_path, np.moveaxis(CHANNELS, 3, 0), kinds=kinds, **{"space directions": steps}
    )
    with pytest.raises(InputError, match=rf"x\.nrrd.*kind {kind}"):
        read_header(path)


@pytest.mark.parametrize(
    ("fields", "before"),
    [("line skip: 2", b"a\nb\n"), ("byte skip: 5", b"01234"), ("byte skip: -1", b"any")],
)
def test_what_stands_before_the_voxels_is_skipped(
    fields: str, before: bytes, tmp_path: Path
) -> None:
    path = written(tmp_path)
    header, _, voxels = path.read_bytes().partition(b"\n\n")
    path.write_bytes(header + b"\n" + fields.encode() + b"\n\n" + before + voxels)
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.grid.to_file(volume.array), VOXELS)


@pytest.mark.parametrize("name", ["../x.raw", "/etc/hostname", "a/../../x.raw", "C:x.raw"])
def test_voxels_outside_of_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    path = edited(written(tmp_path), "encoding: raw", f"encoding: raw\ndata file: {name}")
    with pytest.raises(InputError, match=r"x\.nrrd.*outside its folder"):
        read_volume(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("encoding: raw", "encoding: ascii", "the encoding ascii"),
        ("encoding: raw", "encoding: raw\ndata file: LIST", "several files"),
        ("encoding: raw", "encoding: raw\ndata file: x%d.raw 1 3 1", "several files"),
        ("encoding: raw", "encoding: raw\nbyte skip: -7", "byte skip -7"),
        ("encoding: raw", "encoding: gzip", "not compressed"),
        ("encoding: raw", "encoding: gzip\nbyte skip: -1", "byte skip -1 needs"),
        ("dimension: 3", "dimension: 17", "dimension is 17"),
        ("type: int16", "type: block", "voxels of type block"),
        ("endian: little", "comment: none", "byte order"),
        ("sizes: 5 4 3", "sizes: 5 4", "readable|axes"),
        ("sizes: 5 4 3", "sizes: 5 4 0", "dimensions"),
        ("sizes: 5 4 3", "sizes: 30000 30000 30000", "more than 2 GiB"),
        ("sizes: 5 4 3", "sizes: 5 4 90", "truncated"),
        ("(4,5,6)", "(4,5,1e300)", "kilometres"),
        ("(4,5,6)", "(4,five,6)", "not a readable"),
        ("dimension: 3", "dimension: 3\ndimension: 3", "Duplicate"),
        ("NRRD000", "NRRX000", "not a NRRD file"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"x\.nrrd.*({message})"):
        read_volume(edited(written(tmp_path), old, new))
