"""Broken NIfTI files: each is refused by name, and none does harm."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.nifti import write_labels
from shaspec.io.volumes import read_volume


def refused(path: Path, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_volume(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8b", b"text " * 200, gzip.compress(b"hi", mtime=0)]
)
def test_a_file_that_is_not_nifti_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.nii.gz"
    path.write_bytes(content)
    refused(path, "not a NIfTI|damaged|no content")


def test_a_missing_file_and_a_folder_are_named_in_the_error(tmp_path: Path) -> None:
    refused(tmp_path / "none.nii", "no such file")
    refused(tmp_path, "is a folder; name a file")


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_cut_off_file_is_named_in_the_error(
    keep: float, ending: str, write_file: Any, tmp_path: Path
) -> None:
    path = write_file(tmp_path / f"x{ending}")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    refused(path, "truncated")


def test_a_wrong_checksum_is_refused(write_file: Any, patched: Any, tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.nii.gz")
    content = path.read_bytes()
    path.write_bytes(content[:-8] + bytes(4) + content[-4:])
    refused(path, "damaged")


def test_missing_checksum_bytes_are_noticed(write_file: Any, tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.nii.gz")
    path.write_bytes(path.read_bytes()[:-6])
    refused(path, "truncated")


def test_a_bomb_is_not_inflated(write_file: Any, tmp_path: Path) -> None:
    plain = write_file(tmp_path / "x.nii").read_bytes()
    path = tmp_path / "bomb.nii.gz"
    packer = zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        file.write(packer.compress(plain))
        for _ in range(64):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    refused(path, "more data than stated in its header")


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("dim", np.array([3, 6, 0, 4, 1, 1, 1, 1], "<i2"), "dimensions"),
        ("dim", np.array([3, -6, 5, 4, 1, 1, 1, 1], "<i2"), "dimensions"),
        ("dim", np.array([9, 6, 5, 4, 1, 1, 1, 1], "<i2"), "dimensions"),
        ("dim", np.array([2, 6, 5, 1, 1, 1, 1, 1], "<i2"), "2 dimensions"),
        ("dim", np.array([5, 2, 2, 2, 2, 2, 1, 1], "<i2"), "5 dimensions"),
        (
            "dim",
            np.array([3, 32767, 32767, 32767, 1, 1, 1, 1], "<i2"),
            "crop or downsample",
        ),
        ("datatype", np.array([128], "<i2"), "RGB"),
        ("datatype", np.array([32], "<i2"), "complex"),
        ("datatype", np.array([77], "<i2"), "unknown data type"),
        ("vox_offset", np.array([1e30], "<f4"), "voxel offset"),
        ("vox_offset", np.array([np.nan], "<f4"), "voxel offset"),
        ("vox_offset", np.array([100], "<f4"), "voxel offset"),
        ("magic", b"ni1\0", "in a second file"),
        ("magic", b"\0\0\0\0", "not a NIfTI"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    field: str, value: Any, match: str, write_file: Any, patched: Any, tmp_path: Path
) -> None:
    path = write_file(tmp_path / "x.nii")
    data = value if isinstance(value, bytes) else value.tobytes()
    refused(patched(path, field, data), match)


@pytest.mark.parametrize(
    ("sform", "match"),
    [
        (np.full(12, np.nan, "<f4"), "not finite"),
        (np.array([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0], "<f4"), "singular"),
        (np.array([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], "<f4"), "voxels of 0 x 1 x 1 mm"),
        (np.array([1, 0, 0, 1e9, 0, 1, 0, 0, 0, 0, 1, 0], "<f4"), "kilometres"),
    ],
)
def test_an_affine_that_makes_no_sense_is_refused(
    sform: Any, match: str, write_file: Any, patched: Any, tmp_path: Path
) -> None:
    path = write_file(tmp_path / "x.nii", codes=(1, 0))
    refused(patched(path, "sform", sform.tobytes()), match)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_voxels_are_refused(value: float, write_file: Any, tmp_path: Path) -> None:
    voxels = np.ones((6, 5, 4), np.float32)
    voxels[3, 2, 1] = value
    refused(write_file(tmp_path / "x.nii.gz", voxels), "has infinite voxels")


@given(
    changes=st.lists(st.tuples(st.integers(0, 547), st.integers(0, 255)), min_size=1, max_size=12),
    version=st.sampled_from([1, 2]),
    packed=st.booleans(),
    keep=st.integers(0, 1000),
)
def test_no_mutated_file_raises_anything_but_our_error(
    changes: Any,
    version: int,
    packed: bool,
    keep: int,
    write_file: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = write_file(tmp_path_factory.mktemp("mutated") / "x.nii", version=version)
    content = bytearray(path.read_bytes())
    for position, value in changes:
        content[position] = value
    data = gzip.compress(bytes(content)) if packed else bytes(content)
    path.write_bytes(data[: max(keep, 1)] if keep < 400 else data)
    try:
        volume = read_volume(path)
    except InputError as error:
        message = str(error)
    else:
        message = ""
        assert volume.array.shape == volume.grid.shape
        assert np.isfinite(volume.array).all()
        write_labels(path, np.zeros(volume.grid.shape, np.uint8), volume.grid)
        assert read_volume(path).grid.matches(volume.grid)
    assert not message or "x.nii" in message


@given(data=st.binary(max_size=600))
def test_no_stream_of_bytes_raises_anything_but_our_error(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("noise") / "x.nii.gz"
    path.write_bytes(b"\x1f\x8b\x08" + data)
    with pytest.raises(InputError):
        read_volume(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no content"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<!DOCTYPE html><html>log in</html>", "a text that a server sent"),
        (b'{"error": "forbidden"}', "a text that a server sent"),
    ],
)
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_what_a_download_leaves_in_place_of_a_file_is_named(
    tmp_path: Path, content: bytes, told: str, ending: str
) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    refused(path, told)
