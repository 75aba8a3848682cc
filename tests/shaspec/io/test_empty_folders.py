"""Folders in which something is missing are named; folders of anything else are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.io import find_case, find_cases
from shaspec.task import Task

WORDS = ("flair", "t1", "t1ce", "t2", "seg")


def patient(folder: Path) -> None:
    folder.mkdir(parents=True)
    for word in WORDS:
        (folder / f"{folder.name}_{word}.nii.gz").touch()


def bids(folder: Path) -> None:
    for inner in ("anat", "dwi"):
        (folder / inner).mkdir(parents=True)
    for suffix in ("T1w", "FLAIR"):
        (folder / "anat" / f"{folder.name}_{suffix}.nii.gz").touch()
    (folder / "dwi" / f"{folder.name}_dwi.bval").touch()


def told(root: Path, task: Task) -> list[str]:
    said: list[str] = []
    find_cases(root, task, notice=said.append)
    return said


@pytest.mark.parametrize(
    ("empty", "named"),
    [
        (["P3"], "P3"),
        (["P3", "P4/scans"], "P3, P4"),
        (["P3/a/b/c/d"], "P3"),  # deeper than is searched, whatever it holds
        (["group/P9"], "group"),
        ([f"P{n}" for n in range(3, 12)], "P10, P11, P3, P4, P5, P6 and 3 more"),
    ],
)
def test_patients_without_files_are_named(
    empty: list[str], named: str, brats: Task, tmp_path: Path
) -> None:
    for name in ("P1", "P2"):
        patient(tmp_path / name)
    for name in empty:
        (tmp_path / name).mkdir(parents=True)
    (said,) = told(tmp_path, brats)
    assert f"no case in the folders {named}:" in said


def test_a_patient_without_files_in_one_of_several_groups_is_named(
    brats: Task, tmp_path: Path
) -> None:
    for name in ("HGG/P1", "HGG/P2", "LGG/P3", "LGG/P4"):
        patient(tmp_path / name)
    assert not told(tmp_path, brats)
    (tmp_path / "LGG" / "P5").mkdir()
    (said,) = told(tmp_path, brats)
    assert "no case in the folders LGG/P5:" in said


@pytest.mark.parametrize("others", [["labelsTr", "imagesTr"], ["derivatives"], [".git"], ["masks"]])
def test_folders_of_labels_and_hidden_ones_are_expected(
    others: list[str], brats: Task, tmp_path: Path
) -> None:
    for name in ("sub-01", "sub-02"):
        bids(tmp_path / name)
    for other in others:
        (tmp_path / other).mkdir()
    if others == ["masks"]:
        (tmp_path / "masks" / "sub-01_seg.nii.gz").touch()
    if "imagesTr" in others:
        patient(tmp_path / "imagesTr" / "P1")
        (tmp_path / "labelsTr" / "P1.nii.gz").touch()
    assert not told(tmp_path, brats)


def test_other_folders_beside_the_images_of_a_case_are_not_named(
    brats: Task, tmp_path: Path
) -> None:
    patient(tmp_path / "P1")
    (tmp_path / "P1" / "reports").mkdir()
    assert not told(tmp_path / "P1", brats)
    assert not told(tmp_path, brats)


@pytest.mark.parametrize("own", [[], ["x_FLAIR.nii.gz"]])
@pytest.mark.parametrize(
    ("name", "said"), [("T1", True), ("x_t1.nii.gz", True), ("reports", False), ("FLAIR", False)]
)
def test_the_folder_of_a_sequence_without_a_volume_is_told(
    own: list[str], name: str, said: bool, brats: Task, tmp_path: Path
) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    for file in own or ["FLAIR/FLAIR.nii.gz", "T2/T2.nii.gz"]:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    (folder / name).mkdir(exist_ok=True)
    case = find_case(folder, brats)
    assert "T1" not in case.volumes
    message = f"no volume was found in the folder {name}, so T1 counts as missing"
    assert (message in case.notices) == said
    assert any("no volume was found" in text for text in case.notices) == said
