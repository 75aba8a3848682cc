"""Formats that are not read are named, with what to do about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_case, find_cases
from shaspec.io.formats.table import ENDINGS
from shaspec.task import Task

DICOM = b"\0" * 128 + b"DICM"


@pytest.mark.parametrize(
    "name",
    [
        "p_T1ce.mnc",
        "p_T1ce.HEAD",
        "p_T1ce.par",
        "p_T1ce.nii.zip",
        "T1ce/IM1",
        "p_T1ce.zip",
        "p_T1ce.nii.gz.part",
        "p_T1ce.gz",
        "p_T1ce.7z",
        "p_T1ce.npy",
        "p_T1ce.h5",
        "p_T1ce.tif",
    ],
)
def test_an_image_that_is_not_read_is_named_beside_the_others(
    name: str, brats: Task, tmp_path: Path
) -> None:
    (tmp_path / "p_FLAIR.nii").touch()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(DICOM)
    case = find_case(tmp_path, brats)
    assert list(case.volumes) == ["FLAIR"]
    assert "not supported and not read" in case.notices[0]
    assert "T1ce by its name" in case.notices[0]


@pytest.mark.parametrize(
    "name", ["notes.zip", "log.txt.gz", "setup.part", "backup.tar.gz", "x.npy"]
)
def test_other_archives_are_not_mentioned(name: str, brats: Task, tmp_path: Path) -> None:
    (tmp_path / "p_FLAIR.nii").touch()
    (tmp_path / name).touch()
    assert find_case(tmp_path, brats).notices == ()


@pytest.mark.parametrize("ending", [e for e in ENDINGS if e not in (".nii", ".nii.gz")])
def test_a_file_that_is_not_what_its_name_says_is_named_beside_the_others(
    ending: str, brats: Task, tmp_path: Path
) -> None:
    (tmp_path / "p_FLAIR.nii").touch()
    (tmp_path / f"p_T1ce{ending}").write_bytes(b"x" * 1000)
    case = find_case(tmp_path, brats)
    assert list(case.volumes) == ["FLAIR"]
    assert "not supported and not read" in case.notices[0]
    assert "T1ce by its name" in case.notices[0]


def test_a_dicom_folder_is_recognised_and_its_conversion_named(brats: Task, tmp_path: Path) -> None:
    (tmp_path / "IM0001").write_bytes(DICOM)
    for find in (find_case, find_cases):
        with pytest.raises(InputError, match=r"DICOM.*shaspec case FOLDER --out CASE.*dcm2niix"):
            find(tmp_path, brats)


def test_a_file_that_is_not_read_is_refused_with_its_format(brats: Task, tmp_path: Path) -> None:
    (tmp_path / "p_T1.mnc").touch()
    with pytest.raises(InputError, match=r"p_T1\.mnc.*MINC: convert it to NIfTI"):
        find_case(tmp_path / "p_T1.mnc", brats)


def test_segmentations_of_slicer_and_other_files_are_not_named(brats: Task, tmp_path: Path) -> None:
    for name in ("p_FLAIR.nii", "p.seg.nrrd", "notes.txt", "README", "p_FLAIR.json"):
        (tmp_path / name).touch()
    assert find_case(tmp_path, brats).notices == ()
