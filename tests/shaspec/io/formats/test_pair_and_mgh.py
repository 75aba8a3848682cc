"""Analyze and NIfTI pairs, and FreeSurfer's volumes, where their headers say little."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io import find_case, read_case
from shaspec.io.volumes import read_volume
from shaspec.task import Task

VOXELS = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
AFFINE = np.diag([-1.0, 2.0, 3.0, 1.0])


@pytest.mark.parametrize("kind", [nib.AnalyzeImage, nib.Spm99AnalyzeImage, nib.Spm2AnalyzeImage])
def test_an_analyze_file_is_read_as_nibabel_does_and_its_doubt_is_said(
    kind: type, tmp_path: Path
) -> None:
    image = kind(VOXELS, None)
    image.header.set_zooms((1, 2, 3))
    image.to_file_map({k: nib.FileHolder(tmp_path / f"x.{end}") for k, end in
                       (("header", "hdr"), ("image", "img"), ("mat", "mat"))})  # fmt: skip
    (tmp_path / "x.mat").unlink(missing_ok=True)
    volume, expected = read_volume(tmp_path / "x.hdr"), nib.load(tmp_path / "x.hdr")
    np.testing.assert_array_equal(volume.grid.to_file(volume.array), VOXELS)
    np.testing.assert_allclose(volume.grid.affine, expected.affine)
    assert not volume.oriented
    assert "does not store left and right" in volume.notices[0]


def analyze(folder: Path) -> Path:
    image = nib.AnalyzeImage(VOXELS, None)
    image.header.set_zooms((1, 2, 3))
    nib.save(image, folder / "x.hdr")
    return folder / "x.hdr"


def test_an_orientation_that_is_not_followed_is_refused(tmp_path: Path) -> None:
    path = analyze(tmp_path)
    (tmp_path / "x.mat").touch()
    with pytest.raises(InputError, match=r"x\.hdr.*x\.mat is not read"):
        read_volume(path)
    (tmp_path / "x.mat").unlink()
    content = bytearray(path.read_bytes())
    content[252] = 2
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"x\.hdr.*not transverse"):
        read_volume(path)


def test_either_file_of_a_pair_and_packed_ones_are_read(brats: Task, tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(VOXELS, AFFINE), tmp_path / "anna_T1.hdr")
    for name in ("anna_T1.hdr", "anna_T1.img"):
        np.testing.assert_array_equal(read_case(tmp_path / name, brats).grid.affine, AFFINE)
        assert read_case([tmp_path / name], brats).present == ("T1",)
    assert find_case(tmp_path, brats).volumes == {"T1": tmp_path / "anna_T1.hdr"}
    for name in ("anna_T1.hdr", "anna_T1.img"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        (tmp_path / name).unlink()
    volume = read_volume(find_case(tmp_path, brats).volumes["T1"])
    np.testing.assert_array_equal(volume.grid.to_file(volume.array), VOXELS)


def test_half_a_pair_is_named(brats: Task, tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(VOXELS, AFFINE), tmp_path / "anna_T1.hdr")
    shutil.copy(tmp_path / "anna_T1.hdr", tmp_path / "lone.nii")
    with pytest.raises(InputError, match=r"lone\.nii.*in a second file"):
        read_volume(tmp_path / "lone.nii")
    (tmp_path / "anna_T1.img").rename(tmp_path / "anna_T2.img")
    with pytest.raises(InputError, match=r"anna_T1\.hdr.*anna_T1\.img"):
        read_volume(tmp_path / "anna_T1.hdr")
    (notice,) = (n for n in find_case(tmp_path, brats).notices if "anna_T2.img" in n)
    assert "put the .hdr file" in notice


def test_a_freesurfer_volume_without_orientation_is_coronal(tmp_path: Path) -> None:
    nib.save(nib.MGHImage(VOXELS, AFFINE), tmp_path / "x.mgh")
    content = bytearray((tmp_path / "x.mgh").read_bytes())
    content[28:30] = b"\0\0"
    (tmp_path / "x.mgh").write_bytes(bytes(content))
    volume = read_volume(tmp_path / "x.mgh")
    assert not volume.oriented
    coronal = [[-1, 0, 0, 2.5], [0, 0, 1, -1.5], [0, -1, 0, 2], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.grid.affine, coronal)
    assert "coronal" in volume.notices[0]


def test_of_a_volume_and_its_copy_in_nifti_the_nifti_is_read(brats: Task, tmp_path: Path) -> None:
    for path, kind in (("anna_T1.nii.gz", nib.Nifti1Image), ("anna_T1.mgz", nib.MGHImage)):
        nib.save(kind(VOXELS, AFFINE), tmp_path / path)
    files = find_case(tmp_path, brats)
    assert files.volumes == {"T1": tmp_path / "anna_T1.nii.gz"}
    assert any("not used: anna_T1.mgz" in notice for notice in files.notices)
