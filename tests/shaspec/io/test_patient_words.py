"""Patients, dates and visits that names tell behind the modality, in folders and of labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.io.folders import find_case, find_cases
from shaspec.io.naming import recognise
from shaspec.io.patient_words import behind, differ, visits
from shaspec.task import Task


def touch(folder: Path, *names: str) -> Path:
    """Empty files: finding a case must not need their content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ["T1_Mueller.nii", "FLAIR_Meier.nii"],
        ["T1-Mueller-Anna.nii", "T1KM-Mueller-Anna.nii", "FLAIR-Meier.nii"],
        ["T1_p01.nii", "FLAIR_p02.nii"],
        ["T1_A.nii", "FLAIR_B.nii"],
        ["T1_AB.nii", "FLAIR_CD.nii"],
        ["T1_12.nii", "T1ce_12.nii", "FLAIR_13.nii"],
        ["T1_v1.nii", "T2_v1.nii", "FLAIR_v2.nii"],
        ["T1_2019.nii", "FLAIR_2020.nii"],
        ["T1_190301.nii", "FLAIR_200506.nii"],
        ["T1_Jan2019.nii", "FLAIR_Mai2020.nii"],
        ["T1_week12.nii", "FLAIR_week24.nii"],
        ["T1w_ses-1.nii", "FLAIR_ses-2.nii"],
        ["T1_sub-01.nii", "FLAIR_sub-02.nii"],
        ["T1_preop.nii", "FLAIR_postop.nii", "T2.nii"],
        ["T1/Mueller/scan.nii", "FLAIR/Meier/scan.nii"],
        ["T1/20190301/scan.nii", "FLAIR/20200501/scan.nii"],
        ["T1_20190301/scan.nii", "FLAIR_20200501/scan.nii"],
        ["anna_T1/scan.nii", "ben_FLAIR/scan.nii"],
        ["2019_T1/scan.nii", "2020_FLAIR/scan.nii"],
        ["T1_preop/scan.nii", "FLAIR_postop/scan.nii"],
        ["T1/P1.nii", "FLAIR/P2.nii"],
        ["T1/Mueller.nii", "FLAIR/Meier.nii"],
    ],
)
def test_files_of_several_patients_or_times_are_listed_and_refused(
    names: list[str], brats: Task, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="patients or dates") as error:
        read_case(touch(tmp_path / "case", *names), brats)
    assert "T1=file" in str(error.value)
    assert names[1] in str(error.value)


@pytest.mark.parametrize(
    ("names", "cases"),
    [
        (["p1_T1.nii", "p2_FLAIR.nii"], ["p1", "p2"]),
        (["v1_T1.nii", "v2_FLAIR.nii"], ["v1", "v2"]),
        (["P7_FLAIR_M00.nii", "P7_T1ce_M12.nii"], ["P7_m00", "P7_m12"]),
        (["P7_6mo_FLAIR.nii", "P7_12mo_T1ce.nii"], ["P7_12mo", "P7_6mo"]),
        (["UPENN-GBM-00001_11_T1.nii", "UPENN-GBM-00001_21_FLAIR.nii"],
         ["UPENN-GBM-00001_11", "UPENN-GBM-00001_21"]),
        (["BraTS-GLI-02405-100-t1c.nii", "BraTS-GLI-02405-101-t2f.nii"],
         ["BraTS-GLI-02405-100", "BraTS-GLI-02405-101"]),
        (["BraTS-MEN-RT-0002-1_t1c.nii", "BraTS-MEN-RT-0002-2_flair.nii"],
         ["BraTS-MEN-RT-0002-1", "BraTS-MEN-RT-0002-2"]),
        (["preop_T1.nii", "postop_FLAIR.nii"], ["postop", "preop"]),
        (["anna_vor_OP_T1.nii", "anna_nach_OP_FLAIR.nii"], ["anna_nachop", "anna_vorop"]),
        (["T1_vor_Bestrahlung.nii", "FLAIR_nach_Bestrahlung.nii"], ["nachbe", "vorbe"]),
        (["p1_T1_baseline.nii", "p1_FLAIR_followup.nii"], ["p1_baseline", "p1_followup"]),
        (["T1_01.03.19.nii", "FLAIR_05.06.20.nii"], ["01.03.19", "05.06.20"]),
        (["T1_20190301101010.nii", "FLAIR_20200501101510.nii"], ["20190301", "20200501"]),
        (["张三_T1.nii", "李四_FLAIR.nii"], ["张三", "李四"]),
    ],
)  # fmt: skip
def test_patients_and_times_in_every_name_are_cases(
    names: list[str], cases: list[str], brats: Task, tmp_path: Path
) -> None:
    assert [case.name for case in find_cases(touch(tmp_path, *names), brats)] == cases


@pytest.mark.parametrize(
    "names",
    [
        ["p1_T1_401.nii", "p1_FLAIR_501.nii"],
        ["t1_mprage_tra_p2_iso_0.9.nii", "t2_flair_p3_sag.nii"],
        ["T1_Siemens_Skyra.nii", "FLAIR_Siemens_Prisma.nii"],
        ["anna_T1_20190301_101010.nii", "anna_FLAIR_20190301_101510.nii"],
        ["20190301101010_T1.nii", "20190301101510_FLAIR.nii"],
        ["M\u00fcller_T1.nii", "Mu\u0308ller_FLAIR.nii"],
        ["T1_e1.nii", "FLAIR_e2.nii"],
        ["T1/x.nii", "FLAIR/y.nii"],
        ["T1_A.nii", "FLAIR_A.nii"],
        ["wT1.nii", "r_FLAIR.nii"],
    ],
)
def test_series_echoes_and_times_of_one_day_are_one_case(
    names: list[str], brats: Task, tmp_path: Path
) -> None:
    case = find_case(touch(tmp_path / "p", *names), brats)
    assert (list(case.volumes), case.problems) == (["FLAIR", "T1"], ())


def test_numbers_that_alone_tell_files_apart_give_a_notice(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "T1_401.nii", "FLAIR_501.nii"), brats)
    assert "series of one patient" in case.notices[0]
    assert "T1_401.nii" in case.notices[0]


@pytest.mark.parametrize("names", [["P12_3_T1.nii", "P12_5_FLAIR.nii"]])
def test_a_number_behind_that_of_the_patient_is_asked_for_where_it_may_be_a_visit(
    names: list[str], brats: Task, tmp_path: Path
) -> None:
    (problem,) = find_case(touch(tmp_path / "two", *names), brats).problems
    assert "may be those of patients, or of series" in problem
    three = find_case(touch(tmp_path / "three", *names, "P12_7_T1_KM.nii"), brats)
    assert three.problems == ()
    assert "numbers 3, 5, 7" in three.notices[0]


@pytest.mark.parametrize(
    ("scans", "labels"),
    [
        (["p1_T1.nii", "p1_FLAIR.nii"], "p2_seg.nii"),
        (["p1_T1.nii", "p1_FLAIR.nii"], "seg_p2.nii"),
        (["Mueller_T1.nii"], "Meier_seg.nii"),
        (["20190301_T1.nii"], "20200101_seg.nii"),
        (["T1_2019-03-01.nii"], "seg_2020-03-01.nii"),
        (["p1_preop_T1.nii"], "p1_postop_seg.nii"),
        (["T1/p1.nii", "FLAIR/p1.nii"], "seg/p2.nii"),
        (["A_T1.nii"], "B_seg.nii"),
        (["UPENN-GBM-00001_11_T1.nii"], "UPENN-GBM-00001_21_segm.nii"),
        (["BraTS-GLI-00005-000-t1c.nii"], "BraTS-GLI-00005-001-seg.nii"),
        (["RHUH-0001_0_t1ce.nii", "RHUH-0001_0_flair.nii"], "RHUH-0001_2_segmentations.nii"),
        (["P7_t0_FLAIR.nii"], "P7_t1_seg.nii"),
        (["P7_tp1_FLAIR.nii"], "P7_tp2_seg.nii"),
        (["P7_M00_FLAIR.nii"], "P7_M12_seg.nii"),
        (["P7_FLAIR_2019.nii"], "P7_seg_2020.nii"),
        (["P7_FLAIR_week12.nii"], "P7_seg_week24.nii"),
        (["sub-01_ses-1_T1w.nii"], "sub-01_ses-2_label-lesion_mask.nii"),
        (["P7_T1.nii", "P7_FLAIR.nii"], "masks/P8.nii"),
    ],
)
def test_a_truth_of_another_patient_or_time_is_refused(
    scans: list[str], labels: str, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "case", *scans, labels)
    (problem,) = find_case(folder, brats).problems
    assert labels.rpartition("/")[2] in problem
    assert "labels=" in problem
    assert find_case(folder, brats, with_labels=False).problems == ()


@pytest.mark.parametrize(
    "labels",
    ["seg.nii", "p1_seg_v2.nii", "tumor_seg_p1.nii", "manual_seg_final_v2.nii", "p1_t1_seg.nii"],
)
def test_a_truth_that_names_no_other_patient_is_taken(
    labels: str, brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "case", "p1_T1.nii", "p1_FLAIR.nii", labels)
    assert find_case(folder, brats).labels == folder / labels


def test_a_truth_with_the_number_of_its_own_series_is_taken(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "case", "3_T1.nii", "5_FLAIR.nii", "9_seg.nii")
    assert find_case(folder, brats).labels == folder / "9_seg.nii"


@given(st.sampled_from(["pre-OP", "Pre_op", "PREOP", "preoperative", "pre-operativ"]))
def test_spellings_of_a_visit_are_one(word: str) -> None:
    assert visits(f"T1_{word}.nii") == ("preop",)


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=3).map(tuple), max_size=4))
def test_files_differ_only_if_two_of_them_speak_and_share_nothing(
    said: list[tuple[str, ...]],
) -> None:
    pairs = [(set(a), set(b)) for i, a in enumerate(said) for b in said[:i] if a and b]
    assert differ(said) == any(a.isdisjoint(b) for a, b in pairs)


def test_words_of_technique_behind_a_modality_name_nobody(brats: Task) -> None:
    name = "T1_mprage_sag_p2_iso_KM.nii"
    assert behind(name, recognise(name, brats)) == ()


@pytest.mark.parametrize(
    "names",
    [
        ["t1 - Kopie.nii", "t2 (1).nii", "flair.nii"],
        ["t1_neu.nii", "t2_fertig.nii"],
        ["t1_backup.nii", "t2_ok.nii", "flair (2).nii"],
        ["t1 (1).nii", "t2 (2).nii", "flair (1).nii"],
        ["T1-copie.nii", "T2-corrige.nii"],
    ],
)
def test_marks_of_copies_and_states_are_no_patients(
    names: list[str], brats: Task, tmp_path: Path
) -> None:
    case = find_case(touch(tmp_path / "P1", *names), brats)
    assert len(case.volumes) == len(names)
    assert not case.problems
