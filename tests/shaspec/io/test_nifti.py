"""Volumes from and to NIfTI files."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.files.writing import write_atomically
from shaspec.geometry import Grid
from shaspec.io.nifti import write_labels
from shaspec.io.volumes import read_channels, read_header, read_volume

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])
ORIENTATIONS = [
    (axes, signs)
    for axes in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
DTYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def affine_of(axes: tuple[int, ...], signs: tuple[int, ...], spacing: Any, origin: Any) -> Any:
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3)[:, list(axes)] * signs) * spacing
    affine[:3, 3] = origin
    return affine


@given(
    orientation=st.sampled_from(ORIENTATIONS),
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    spacing=st.tuples(*[st.sampled_from([0.5, 1.0, 2.5])] * 3),
    dtype=st.sampled_from(DTYPES),
    version=st.sampled_from([1, 2]),
    order=st.sampled_from("<>"),
    ending=st.sampled_from([".nii", ".nii.gz"]),
)
def test_every_orientation_type_and_version_round_trips(
    orientation: Any,
    shape: Any,
    spacing: Any,
    dtype: str,
    version: int,
    order: str,
    ending: str,
    write_file: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("round")
    affine = affine_of(*orientation, spacing, (-7.0, 3.0, 11.0))
    voxels = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    path = write_file(folder / f"x{ending}", voxels, affine, version=version, order=order)

    volume = read_volume(path)

    assert volume.array.dtype == np.dtype(dtype)  # native byte order
    for ijk in itertools.product(*[(0, n - 1) for n in shape]):  # every corner is where it was
        lps = RAS_TO_LPS @ (affine @ [*ijk, 1.0])[:3]
        index = np.round((lps[::-1] - volume.grid.origin) / volume.grid.spacing).astype(int)
        assert volume.array[tuple(index)] == voxels[ijk]
    assert volume.limits == (voxels.min(), voxels.max())

    labels = volume.array.astype(np.uint8)
    saved = nib.load(write_labels(folder / f"out{ending}", labels, volume.grid))
    np.testing.assert_array_equal(np.asarray(saved.dataobj), voxels)
    np.testing.assert_allclose(saved.affine, affine, rtol=0, atol=1e-5)
    assert saved.get_data_dtype() == np.uint8


@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (0, 1), (4, 0), (0, 3)])
def test_labels_are_saved_with_the_place_and_codes_of_the_input(
    codes: tuple[int, int], write_file: Any, tmp_path: Path
) -> None:
    angle = np.deg2rad(20)  # oblique
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = nib.affines.from_matvec(turn @ np.diag([1.0, 1.2, 3.0]), [5, -6, 7])
    source = write_file(tmp_path / "x.nii.gz", affine=affine, codes=codes, descrip=b"Jane Doe")
    volume = read_volume(source)

    write_labels(tmp_path / "out.nii.gz", np.ones(volume.grid.shape, np.uint8), volume.grid)

    before, after = (nib.load(p).header for p in (source, tmp_path / "out.nii.gz"))
    assert volume.grid.oblique
    for key in ("qform_code", "sform_code", "xyzt_units"):
        assert before[key] == after[key]
    np.testing.assert_array_equal(before.get_sform(), after.get_sform())
    np.testing.assert_array_equal(before.get_qform(), after.get_qform())
    np.testing.assert_array_equal(before["pixdim"], after["pixdim"])
    raw = nib.Nifti1Header(gzip.decompress((tmp_path / "out.nii.gz").read_bytes())[:348])
    assert (raw["scl_slope"], raw["scl_inter"], raw["cal_max"]) == (1, 0, 0)
    assert b"Jane" not in raw.binaryblock


def test_labels_without_a_source_file_lie_where_the_grid_says(tmp_path: Path) -> None:
    grid = Grid((4, 5, 6), (3.0, 1.0, 0.5), (10.0, 20.0, 30.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 2, 3] = 4
    path = write_labels(tmp_path / "new" / "folder" / "out.nii", labels, grid)
    again = read_volume(path)
    assert again.grid.matches(grid)
    np.testing.assert_array_equal(again.array, labels)
    assert int(nib.load(path).header["sform_code"]) == 1


def test_equal_labels_give_equal_bytes_and_no_other_files(tmp_path: Path) -> None:
    grid = Grid((4, 5, 6), (1.0, 1.0, 1.0))
    labels = np.arange(120, dtype=np.uint8).reshape(4, 5, 6)
    first = write_labels(tmp_path / "a.nii.gz", labels, grid).read_bytes()
    second = write_labels(tmp_path / "b.nii.gz", labels, grid).read_bytes()
    assert first == second
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.nii.gz", "b.nii.gz"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "seg.nii.gz"
    target.write_bytes(b"old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "labels", "match"),
    [
        ("out.mha", np.zeros((4, 5, 6), np.uint8), "ending"),
        ("out.nii", np.zeros((4, 5, 7), np.uint8), "shape"),
        ("out.nii", np.full((4, 5, 6), 300), "0 to 255"),
        ("out.nii", np.full((4, 5, 6), 0.5), "integers"),
    ],
)
def test_labels_that_cannot_be_saved_are_refused(
    name: str, labels: Any, match: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=match):
        write_labels(tmp_path / name, labels, Grid((4, 5, 6), (1.0, 1.0, 1.0)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4"])
def test_slope_and_intercept_are_applied(
    dtype: str, write_file: Any, patched: Any, tmp_path: Path
) -> None:
    voxels = np.arange(120).reshape(6, 5, 4).astype(dtype)
    path = write_file(tmp_path / "x.nii", voxels)
    patched(path, "scl_slope", np.array([0.25, -3.0], "<f4").tobytes())
    volume = read_volume(path)
    expected = volume.grid.from_file(nib.load(path).get_fdata())
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)
    assert volume.limits == (-3.0, 119 * 0.25 - 3.0)


@pytest.mark.parametrize("scale", [(np.nan, np.nan), (0.0, 5.0), (1.0, 0.0), (np.inf, 0.0)])
def test_a_slope_that_is_unset_or_one_leaves_the_voxels_as_stored(
    scale: tuple[float, float], write_file: Any, patched: Any, tmp_path: Path
) -> None:
    path = patched(write_file(tmp_path / "x.nii"), "scl_slope", np.array(scale, "<f4").tobytes())
    assert read_volume(path).array.dtype == np.int16


def test_a_volume_is_read_only_and_contiguous(write_file: Any, tmp_path: Path) -> None:
    array = read_volume(write_file(tmp_path / "x.nii", affine=np.eye(4))).array
    assert array.flags.c_contiguous
    assert not array.flags.writeable


def test_a_fourth_dimension_of_one_is_dropped(write_file: Any, tmp_path: Path) -> None:
    voxels = np.arange(120, dtype=np.int16).reshape(6, 5, 4, 1)
    assert read_volume(write_file(tmp_path / "x.nii", voxels)).array.shape == (4, 5, 6)


def test_a_4d_file_is_read_channel_by_channel_only(write_file: Any, tmp_path: Path) -> None:
    voxels = np.arange(360, dtype=np.int16).reshape(6, 5, 4, 3)
    path = write_file(tmp_path / "x.nii.gz", voxels)
    with pytest.raises(InputError, match="contains 3 volumes"):
        read_volume(path)
    channels = read_channels(path)
    assert len(channels) == 3
    for k, volume in enumerate(channels):
        np.testing.assert_array_equal(volume.grid.to_file(volume.array), voxels[..., k])


def test_a_file_of_several_gzip_streams_is_read(write_file: Any, tmp_path: Path) -> None:
    plain = write_file(tmp_path / "x.nii").read_bytes()
    path = tmp_path / "blocks.nii.gz"
    path.write_bytes(b"".join(gzip.compress(plain[i : i + 100]) for i in range(0, len(plain), 100)))
    np.testing.assert_array_equal(read_volume(path).array, read_volume(tmp_path / "x.nii").array)


# -- where it lies -------------------------------------------------------------------------------


def test_a_singular_sform_gives_way_to_the_qform_with_a_notice(
    write_file: Any, patched: Any, tmp_path: Path
) -> None:
    good = affine_of((1, 0, 2), (1, -1, 1), (1, 2, 3), (4, 5, 6))
    path = write_file(tmp_path / "x.nii", affine=good)
    patched(path, "sform", np.zeros(12, "<f4").tobytes())
    volume = read_volume(path)
    np.testing.assert_allclose(volume.grid.affine, good, atol=1e-6)
    assert "its qform was used" in volume.notices[0]
    saved = write_labels(tmp_path / "o.nii", np.zeros(volume.grid.shape, np.uint8), volume.grid)
    np.testing.assert_allclose(nib.load(saved).affine, good, atol=1e-6)


def test_a_file_that_does_not_say_how_it_lies_is_read_as_nibabel_does(
    write_file: Any, tmp_path: Path
) -> None:
    path = write_file(tmp_path / "x.nii", codes=(0, 0))
    volume = read_volume(path)
    assert not volume.oriented
    assert "has no orientation in its header" in volume.notices[0]
    np.testing.assert_array_equal(volume.grid.affine, nib.load(path).affine)


@pytest.mark.parametrize(
    ("unit", "size", "spacing"), [(1, 0.001, 1.0), (1, 1.0, 1.0), (3, 50.0, 0.05), (3, 1.0, 1.0)]
)
def test_units_are_believed_only_where_they_make_sense(
    unit: int, size: float, spacing: float, write_file: Any, tmp_path: Path
) -> None:
    affine = np.diag([size, size, size, 1])
    volume = read_volume(write_file(tmp_path / "x.nii", affine=affine, xyzt_units=unit))
    np.testing.assert_allclose(volume.grid.spacing, spacing, rtol=1e-6)
    assert volume.notices


def test_a_header_is_read_without_the_voxels(write_file: Any, tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.nii")
    path.write_bytes(path.read_bytes()[:400])
    assert read_header(path).shape == (6, 5, 4)
