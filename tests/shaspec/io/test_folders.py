"""Where the files of a case are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_case, find_cases
from shaspec.task import Task


def test_a_folder_with_one_file_per_modality_is_a_case(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "p1", "p1_t2.nii.gz", "p1_flair.nii.gz", "p1_seg.nii.gz", "notes.txt")
    case = find_case(folder, brats)
    assert case.name == "p1"
    assert case.volumes == {
        "FLAIR": folder / "p1_flair.nii.gz",
        "T2": folder / "p1_t2.nii.gz",
    }
    assert list(case.volumes) == ["FLAIR", "T2"]
    assert case.labels == folder / "p1_seg.nii.gz"
    assert not case.problems


def test_labels_can_be_left_out(touch: Any, brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "p1", "t2.nii", "a_seg.nii", "b_seg.nii")
    assert find_case(folder, brats).problems
    case = find_case(folder, brats, with_labels=False)
    assert case.labels is None
    assert not case.problems


def test_predictions_are_neither_inputs_nor_ground_truth(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    found = ("p1_FLAIR_pred.nii.gz", "p1_FLAIR+T2_pred.nii.gz")
    folder = touch(tmp_path / "p1", "p1_t2.nii.gz", "p1_flair.nii.gz", *found)
    case = find_case(folder, brats)
    assert (list(case.volumes), case.labels, case.problems) == (["FLAIR", "T2"], None, ())
    touch(folder, "p1_seg.nii.gz")
    assert find_case(folder, brats).labels == folder / "p1_seg.nii.gz"
    touch(tmp_path, "a_t1.nii", "a_flair.nii", "a_T1_pred.nii", "b_t1.nii", "b_t2.nii")
    a, b = find_cases(tmp_path, brats)[:2]
    assert (a.name, list(a.volumes), b.name) == ("a", ["FLAIR", "T1"], "b")


def test_a_task_may_call_its_labels_pred(touch: Any, brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "p1", "t2.nii", "p1_pred.nii")
    words = brats.model_copy(update={"label_words": ("pred",)})
    assert find_case(folder, words).labels == folder / "p1_pred.nii"


def test_the_folder_name_does_not_decide_modalities(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "patient_t2_flair_seg", "T1.nii.gz")
    assert list(find_case(folder, brats).volumes) == ["T1"]


def test_an_inner_folder_of_bids_is_named_after_its_subject(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "sub-01" / "ses-1" / "anat", "T1w.nii.gz", "flair.nii.gz")
    assert find_case(folder, brats).name == "sub-01_ses-1_anat"


def test_two_files_for_one_modality_are_a_problem_that_names_both(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "p", "a_t1.nii", "b_t1.nii", "t2.nii")
    case = find_case(folder, brats)
    assert list(case.volumes) == ["T2"]
    assert "a_t1.nii and b_t1.nii" in case.problems[0]


def test_unrecognised_files_are_reported(touch: Any, brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "t1.nii", "adc.nii", "._t2.nii"), brats)
    assert list(case.volumes) == ["T1"]
    assert "adc.nii" in case.notices[0]


def test_folders_that_are_called_like_files_are_looked_into(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "p" / "x_t1.nii", "00000057_brain_t1.nii")
    touch(tmp_path / "p" / "x_flair.nii", "volume.nii")
    case = find_case(tmp_path / "p", brats)
    assert case.volumes == {
        "FLAIR": tmp_path / "p" / "x_flair.nii" / "volume.nii",
        "T1": tmp_path / "p" / "x_t1.nii" / "00000057_brain_t1.nii",
    }


def test_a_nested_folder_is_read_and_the_case_keeps_the_outer_name(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "sub-01" / "anat", "sub-01_T1w.nii.gz", "sub-01_ce-gad_T1w.nii.gz")
    case = find_case(tmp_path / "sub-01", brats)
    assert case.name == "sub-01"
    assert list(case.volumes) == ["T1", "T1ce"]


def test_cases_are_found_in_nested_folders(touch: Any, brats: Task, tmp_path: Path) -> None:
    touch(tmp_path / "HGG" / "b", "b_t1.nii")
    touch(tmp_path / "HGG" / "a", "a_t1.nii")
    touch(tmp_path / "LGG" / "c", "c_t1.nii", "c_seg.nii")
    touch(tmp_path / "empty")
    assert [case.name for case in find_cases(tmp_path, brats)] == ["a", "b", "c"]


def test_cases_with_the_same_name_are_distinguished_by_folder(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    for subject in ("sub-01", "sub-02"):
        touch(tmp_path / subject / "anat", f"{subject}_T1w.nii.gz")
    names = [case.name for case in find_cases(tmp_path, brats)]
    assert names == ["sub-01_anat", "sub-02_anat"]


def test_a_case_folder_is_a_list_of_one(touch: Any, brats: Task, tmp_path: Path) -> None:
    cases = find_cases(touch(tmp_path / "p", "t1.nii"), brats)
    assert [case.name for case in cases] == ["p"]


def test_an_ambiguous_folder_is_listed_with_its_problem(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "good", "t1.nii")
    touch(tmp_path / "odd", "a.nii", "b.nii")
    touch(tmp_path / "only-labels", "seg.nii")
    cases = {case.name: case for case in find_cases(tmp_path, brats)}
    assert list(cases) == ["good", "odd", "only-labels"]
    assert "a.nii, b.nii" in cases["odd"].problems[0]
    assert "only labels" in cases["only-labels"].problems[0]
    with pytest.raises(InputError, match="no file name contains a modality"):
        find_case(tmp_path / "odd", brats)


def test_no_case_and_many_cases_are_refused_with_the_mend(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no such"):
        find_case(tmp_path / "none", brats)
    with pytest.raises(InputError, match="no such folder"):
        find_cases(tmp_path / "none", brats)
    with pytest.raises(InputError, match="no volume"):
        find_case(tmp_path, brats)
    with pytest.raises(InputError, match="one folder per case"):
        find_cases(tmp_path, brats)
    touch(tmp_path / "a", "t1.nii")
    touch(tmp_path / "b", "t1.nii")
    with pytest.raises(InputError, match=r"contains 2 cases \(a, b\)"):
        find_case(tmp_path, brats)


def test_a_single_volume_is_a_case_with_one_modality(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    case = find_case(write_file(tmp_path / "p_t1ce.nii.gz"), brats)
    assert list(case.volumes) == ["T1ce"]
    with pytest.raises(InputError, match="contains labels"):
        find_case(write_file(tmp_path / "p_seg.nii.gz"), brats)


@pytest.mark.parametrize(("count", "refused"), [(1, False), (3, True)])
def test_folders_of_scans_beside_a_case_are_named_and_many_are_refused(
    count: int, refused: bool, touch: Any, brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path, "own_FLAIR.nii", "own_T2.nii")
    for number in range(count):
        touch(tmp_path / f"p{number}", "t1.nii", "t2.nii")
    (case,) = find_cases(tmp_path, brats)
    told = case.problems[0] if refused else case.notices[0]
    assert "own_FLAIR.nii" in told or not refused
    assert "p0" in told
    assert bool(case.problems) == refused


@pytest.mark.parametrize("stray", ["t1ce.nii.gz", "atlas.nii.gz", "p0_seg.nii.gz", "P9_FLAIR.nii"])
@pytest.mark.parametrize(
    ("group", "where"), [("", ""), ("HGG", ""), ("HGG", "HGG"), ("site/HGG", ""), ("a/b", "a/b")]
)
def test_a_file_beside_folders_of_cases_is_named_and_is_no_case(
    stray: str, group: str, where: str, touch: Any, brats: Task, tmp_path: Path
) -> None:
    for number in range(2):
        touch(tmp_path / group / f"p{number}", "t1.nii", "t2.nii")
    touch(tmp_path / where, stray)
    said: list[str] = []
    cases = find_cases(tmp_path, brats, notice=said.append)
    assert [case.name for case in cases] == ["p0", "p1"]
    assert not any(case.problems for case in cases)
    (text,) = said
    assert f"not in the folder of a case: {Path(where) / stray};" in text
    with pytest.raises(InputError, match="contains 2 cases"):
        find_case(tmp_path, brats)


@pytest.mark.parametrize(
    "time", ["2020-02-02", "20200202", "ses-pre", "visit2", "Baseline", "week_12", "tp3", "raw"]
)
@pytest.mark.parametrize("patients", [["P1"], ["P1", "P2"], ["P1", "x/P2"]])
def test_a_folder_that_tells_a_time_or_a_state_has_its_patient_in_its_name(
    time: str, patients: list[str], touch: Any, brats: Task, tmp_path: Path
) -> None:
    """However many there are: the results of one patient are never named by a date alone."""
    for patient in patients:
        touch(tmp_path / patient / time, "t1.nii", "t2.nii")
    named = [case.name for case in find_cases(tmp_path, brats)]
    assert [name.rpartition("/")[2] for name in named] == named
    for name, patient in zip(named, patients, strict=True):
        assert name.endswith(f"{Path(patient).name}_{time}")
    one = find_case(tmp_path / patients[0] / time, brats)
    assert one.name == f"{patients[0]}_{time}"


@pytest.mark.parametrize("name", ["P1", "sub-01", "patient2", "Case_7", "BraTS2021_6", "mueller"])
def test_a_folder_that_tells_a_patient_has_its_own_name(
    name: str, touch: Any, brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "HGG" / name, "t1.nii", "t2.nii")
    touch(tmp_path / "LGG" / f"{name}9", "t1.nii", "t2.nii")
    assert [case.name for case in find_cases(tmp_path, brats)] == [name, f"{name}9"]
