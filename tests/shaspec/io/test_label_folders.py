"""Truths that lie in a folder of their own, and derivatives of BIDS."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.io.folders import find_case, find_cases
from shaspec.task import Task


def touch(folder: Path, *names: str) -> Path:
    """Empty files: finding a case must not need their content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def truths(folder: Path, task: Task) -> dict[str, str | None]:
    """Case -> its labels below ``folder``."""
    return {
        case.name: case.labels.relative_to(folder).as_posix() if case.labels else None
        for case in find_cases(folder, task)
    }


@pytest.mark.parametrize("inner", ["masks/1", "mask/tumor", "masks/P7", "labels/P7", "seg/x"])
def test_a_file_in_a_folder_of_masks_inside_the_case_is_its_truth(
    inner: str, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "P7", "FLAIR.nii", "T1.nii", f"{inner}.nii")
    case = find_case(folder, brats)
    assert case.labels == folder / f"{inner}.nii"
    assert any(case.labels.name in text for text in case.notices)
    assert find_case(folder, brats, with_labels=False).labels is None


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("masks/brain", "not recognised and not used: brain.nii"),
        ("masks/FLAIR", "not used: FLAIR.nii ('masks' may be of the brain or of a lesion)"),
    ],
)
def test_a_file_in_it_that_may_be_something_else_is_named_and_not_used(
    inner: str, said: str, brats: Task, tmp_path: Path
) -> None:
    case = find_case(touch(tmp_path / "P7", "FLAIR.nii", "T1.nii", f"{inner}.nii"), brats)
    assert (list(case.volumes), case.labels, case.problems) == (["FLAIR", "T1"], None, ())
    assert any(said in text for text in case.notices)


def test_two_masks_of_a_case_are_a_problem_that_names_both(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "P7", "FLAIR.nii", "masks/a.nii", "masks/b.nii"), brats)
    assert "a.nii and b.nii both look like labels" in case.problems[0]


@pytest.mark.parametrize("ending", ["", "_mask", "_seg"])
@pytest.mark.parametrize(
    "scan", ["{}/FLAIR.nii", "images/{}/FLAIR.nii", "images/{}_FLAIR.nii images/{}_T1.nii"]
)
def test_a_folder_of_masks_beside_the_cases_has_their_truths_by_name(
    scan: str, ending: str, brats: Task, tmp_path: Path
) -> None:
    scans = [name.format(case) for case in ("P7", "P8") for name in scan.split()]
    masks = [f"masks/{case}{ending}.nii" for case in ("P7", "P8")]
    folder = touch(tmp_path, *scans, *masks)
    assert truths(folder, brats) == {"P7": masks[0], "P8": masks[1]}
    assert all("masks" in case.notices[-1] for case in find_cases(folder, brats))


def test_masks_of_the_brain_or_of_other_patients_are_told_and_not_used(
    brats: Task, tmp_path: Path
) -> None:
    masks = ("masks/P7_brain_mask.nii", "masks/P9.nii")
    folder = touch(tmp_path, "P7/FLAIR.nii", "P8/FLAIR.nii", *masks)
    assert truths(folder, brats) == {"P7": None, "P8": None}
    told = find_cases(folder, brats)[0].notices[-1]
    assert "P7_brain_mask.nii, P9.nii" in told


def test_derivatives_of_a_bids_data_set_are_not_further_cases(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path, "sub-01/anat/sub-01_FLAIR.nii", "derivatives/sub-01/sub-01_FLAIR.nii",
                   "derivatives/sub-01/sub-01_label-lesion_mask.nii")  # fmt: skip
    (case,) = find_cases(folder, brats)
    assert case.name == "sub-01_anat"
    assert "labels in the folder derivatives were not searched" in case.notices[-1]
    assert truths(folder / "derivatives", brats) == {
        "sub-01": "sub-01/sub-01_label-lesion_mask.nii"
    }
