"""Files of several patients, dates and sequences in one folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_case, find_cases
from shaspec.task import Task


def touch(folder: Path, *names: str) -> Path:
    """Empty files: finding a case must not need their content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def cases(folder: Path, task: Task) -> dict[str, list[str]]:
    return {case.name: list(case.volumes) for case in find_cases(folder, task)}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["anna_T1.nii", "ben_FLAIR.nii"], {"anna": ["T1"], "ben": ["FLAIR"]}),
        (
            ["p1_20190101_T1.nii", "p1_20200101_FLAIR.nii"],
            {"p1_20190101": ["T1"], "p1_20200101": ["FLAIR"]},
        ),
        (["T1_2019-01-01.nii", "T2_2020-01-01.nii"], {"2019-01-01": ["T1"], "2020-01-01": ["T2"]}),
        (["sub-01_ses-1_T1w.nii", "sub-01_ses-2_FLAIR.nii"],
         {"sub-01_ses-1": ["T1"], "sub-01_ses-2": ["FLAIR"]}),
        (["GBM_001_T1.nii", "GBM_002_FLAIR.nii"], {"GBM_001": ["T1"], "GBM_002": ["FLAIR"]}),
        (["Glioma_5_T1.nii", "Glioma_7_FLAIR.nii"], {"Glioma_5": ["T1"], "Glioma_7": ["FLAIR"]}),
    ],
)  # fmt: skip
def test_files_of_several_patients_or_dates_are_several_cases(
    names: list[str], expected: dict[str, list[str]], brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path, *names)
    assert cases(folder, brats) == expected
    with pytest.raises(InputError, match="contains 2 cases"):
        find_case(folder, brats)
    name, modalities = next(iter(expected.items()))
    assert list(find_case(folder / name, brats).volumes) == modalities


@pytest.mark.parametrize(
    "names",
    [
        ["1_T1.nii", "2_FLAIR.nii", "3_T1_post.nii"],
        ["Anna_5_T1.nii", "Anna_7_FLAIR.nii", "Anna_9_T1_KM.nii"],
        ["sub-01_T1w.nii", "sub-01_space-T1w_FLAIR.nii", "sub-01_run-2_ce-gad_T1w.nii"],
        ["VSD.Brain.XX.O.MR_T1.54512.nii", "VSD.Brain.XX.O.MR_Flair.54513.nii",
         "VSD.Brain.XX.O.MR_T1c.54514.nii"],
        ["T1.nii", "n4_FLAIR.nii", "ax_t1_post.nii"],
    ],
)  # fmt: skip
def test_series_of_one_patient_are_one_case(names: list[str], brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", *names), brats)
    assert (list(case.volumes), case.problems) == (["FLAIR", "T1", "T1ce"], ())


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        (["001_T1.nii", "002_FLAIR.nii"], True),
        (["0003_T1.nii", "0005_FLAIR.nii", "0009_T1_KM.nii"], True),
        (["Anna_003_T1.nii", "Anna_004_FLAIR.nii"], True),
        (["IM003-T1.nii", "IM004-FLAIR.nii"], True),
        (["s003_T1.nii", "s005_FLAIR.nii", "seg.nii"], True),
        (["001_T1.nii", "002_T1.nii", "003_FLAIR.nii"], False),  # one T1 of each patient
        (["001_T1.nii", "001_seg.nii", "002_FLAIR.nii"], False),  # 001 has several files
    ],
)
def test_numbers_of_patients_or_of_series_are_asked_for(
    names: list[str], doubtful: bool, brats: Task, tmp_path: Path
) -> None:
    found = find_cases(touch(tmp_path, *names), brats)
    if not doubtful:
        assert len(found) > 1
        assert not any(case.problems for case in found)
        return
    (case,) = found
    for text in ("may be those of patients, or of series", names[0], names[1], "T1=file"):
        assert text in case.problems[0]


def test_numbers_that_are_taken_as_those_of_series_are_named(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path, "5_T1.nii", "7_FLAIR.nii"), brats)
    assert "numbers 5, 7 in front of the modalities" in case.notices[0]


def test_ambiguous_patients_are_listed(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "anna_T1.nii", "ben_FLAIR.nii", "T2.nii"), brats)
    for text in ("2 patients", "anna: anna_T1.nii", "ben: ben_FLAIR.nii", "T1=file"):
        assert text in case.problems[0]


def test_labels_go_to_their_patient(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path, "a_T1.nii", "a_seg.nii", "b_T2.nii", "b_notes.nii")
    a, b = find_cases(tmp_path, brats)
    assert (a.labels, b.labels) == (tmp_path / "a_seg.nii", None)
    assert "b_notes.nii" in b.notices[0]


# -- a folder per sequence -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1_T1/NIFTI/T1.nii", "2_T1GD/NIFTI/T1GD.nii", "4_FLAIR/NIFTI/FLAIR.nii"],
         ["FLAIR", "T1", "T1ce"]),
        (["T1/x.nii", "T1ce/y.nii"], ["T1", "T1ce"]),
        (["4_T1/T1.nii", "5_T1_post/T1.nii"], ["T1", "T1ce"]),
        (["anna_T1_post/scan.nii", "anna_FLAIR/scan.nii"], ["FLAIR", "T1ce"]),
        (["1-T1/resources/NIFTI/files/a.nii", "2-T2/resources/NIFTI/files/a.nii"], ["T1", "T2"]),
        (["T1/post.nii", "FLAIR/scan.nii"], ["FLAIR", "T1ce"]),
        (["T1/a.nii", "T1_mask/a.nii", "T1_map/a.nii"], ["T1"]),
        (["p_FLAIR.nii", "T1ce/x.nii"], ["FLAIR", "T1ce"]),
    ],
)  # fmt: skip
def test_folders_of_one_sequence_each_are_one_case(
    names: list[str], expected: list[str], brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "data" / "p7", *names)
    case = find_case(tmp_path / "data" / "p7", brats)
    assert (list(case.volumes), case.problems) == (expected, ())
    assert cases(tmp_path / "data", brats) == {"p7": expected}


def test_a_modality_known_only_from_a_folder_gives_a_notice(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "T1/x.nii", "FLAIR/y.nii"), brats)
    assert "T1/x.nii is T1" in case.notices[0]


def test_two_files_in_the_folder_of_a_sequence_are_a_problem(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "T1/a.nii", "T1/b.nii", "FLAIR/c.nii"), brats)
    assert "a.nii and b.nii both look like T1" in case.problems[0]


def test_timepoints_that_are_called_like_sequences_are_cases(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path, "T1/flair.nii", "T1/t1.nii", "T2/flair.nii")
    assert cases(tmp_path, brats) == {"T1": ["FLAIR", "T1"], "T2": ["FLAIR"]}


def test_a_folder_per_modality_with_a_file_per_case_holds_cases(
    brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path, "T1/001.nii", "T1/002.nii", "FLAIR/001.nii", "FLAIR/002.nii", "seg/002.nii")
    assert cases(tmp_path, brats) == {"001": ["FLAIR", "T1"], "002": ["FLAIR", "T1"]}


def test_a_folder_that_says_contrast_agent_contradicts_its_only_file(
    brats: Task, tmp_path: Path
) -> None:
    case = find_case(touch(tmp_path / "T1_post", "T1.nii"), brats)
    assert "T1=T1.nii or T1ce=T1.nii" in case.problems[0]
