"""Modalities from file names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.naming import (
    common_name,
    find_word,
    is_result,
    is_silent,
    name_to_judge,
    notice,
    parts,
    read_name,
    recognise,
    require_role,
    stem,
)
from shaspec.task import Task, load_task

NAMES = {
    "BraTS-GLI-00027-000-t2f.nii.gz": "FLAIR",
    "BraTS-GLI-00027-000-t1n.nii.gz": "T1",
    "BraTS-GLI-00027-000-t1c.nii.gz": "T1ce",
    "BraTS-GLI-00027-000-t2w.nii.gz": "T2",
    "BraTS-GLI-00027-000-seg.nii.gz": "labels",
    "BraTS2021_00006_t1ce.nii.gz": "T1ce",
    "Brats17_TCIA_639_1_seg.nii.gz": "labels",
    "x_t2_flair.nii": "FLAIR",
    "Flair.nii.gz": "FLAIR",
    "T1.nii.gz": "T1",
    "T1c.nii.gz": "T1ce",
    "T2.NII.GZ": "T2",
    "segmentation.nii.gz": "labels",
    "sub-01_ce-gad_T1w.nii.gz": "T1ce",
    "sub-01_T1w.nii.gz": "T1",
    "sub-01_FLAIR.nii.gz": "FLAIR",
    "sub-01_T2w.nii.gz": "T2",
    "t1_post_contrast.nii": "T1ce",
    "T1 Gd brain.nii": "T1ce",
    "VSD.Brain.XX.O.MR_T1c.54512.nii": "T1ce",
    "VSD.Brain_3more.XX.O.OT.54517.nii": "labels",
    "flair_seg.nii.gz": "labels",
    "adc.nii.gz": None,
    "t1map.nii.gz": None,
    "BraTS2021_00006.nii.gz": None,
}


@pytest.mark.parametrize(("name", "role"), NAMES.items())
def test_usual_names_are_recognised(name: str, role: str | None, brats: Task) -> None:
    match = recognise(name, brats)
    assert (match.role if match else None) == role


def test_every_task_word_means_its_modality_for_any_patient_name(
    brats: Task,
) -> None:
    for modality in brats.modalities:
        for word in modality.words:
            for patient in ("", "T2_patient_", "flair-77-", "seg01.", "T1_07_"):
                match = recognise(f"{patient}{word}.nii.gz", brats)
                assert match is not None
                assert match.role == modality.name, (patient, word)


@given(st.text(max_size=40))
def test_any_name_is_cut_into_lower_case_parts(name: str) -> None:
    assert all(part.isalnum() and part == part.lower() for part in parts(name))
    recognise(name, load_task("brats"))


def test_a_word_is_found_as_whole_parts_and_the_last_time() -> None:
    assert find_word("t1", ["t1", "x", "t1"]) == (2, 3)
    assert find_word("t1_ce", ["t1", "ce"]) == (0, 2)
    assert find_word("t1", ["t1ce"]) is None
    assert find_word("", ["t1"]) is None


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a/BraTS2021_00006_flair.nii.gz", "a/BraTS2021_00006_t1.nii.gz"], "BraTS2021_00006"),
        (["case-7/Flair.nii.gz", "case-7/T1.nii.gz", "case-7/T2.nii"], "case-7"),
        (["a/Pat-3_t1ce.nii.gz"], "Pat-3"),
        (["sub-01/anat/sub-01_ce-gad_T1w.nii.gz", "sub-01/anat/sub-01_T1w.nii.gz"], "sub-01"),
    ],
)
def test_loose_files_are_named_by_the_common_part_of_their_names(
    files: list[str], name: str, brats: Task
) -> None:
    assert common_name([Path(f) for f in files], brats) == name


def test_an_uninformative_name_is_refused_with_the_words_of_the_task(brats: Task) -> None:
    with pytest.raises(InputError, match=r"odd\.nii.*flair.*t1ce.*FLAIR=odd\.nii"):
        require_role(Path("odd.nii"), brats)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("phantom-1_arterial.nii.gz", "arterial"),
        ("case_01_ART.nii", "arterial"),
        ("liver_7_late-arterial.nii.gz", "arterial"),
        ("x_pv.nii.gz", "venous"),
        ("x_portal_venous_phase.nii.gz", "venous"),
        ("PVP_12.nii.gz", "venous"),
        ("segmentation-3.nii", "labels"),
        ("volume-3.nii", None),
    ],
)
def test_phases_of_a_ct_are_recognised(name: str, role: str | None) -> None:
    match = recognise(name, load_task("liver-ct"))
    assert (match.role if match else None) == role


@pytest.mark.parametrize(
    ("file", "judged"),
    [
        ("T1ce/scan.nii", "T1ce_scan.nii"),
        ("5_T1_post/0001.nii", "5_T1_post_0001.nii"),
        ("anna_T1/scan.nii", "scan.nii"),  # a case that is called like this
        ("T1ce/t2.nii", "t2.nii"),
        ("T1ce/swi.nii", "swi.nii"),  # says that it is something else
        ("seg/scan.nii", "scan.nii"),
    ],
)
def test_a_volume_is_judged_by_its_folder_only_if_that_is_a_modality(
    file: str, judged: str, brats: Task
) -> None:
    assert name_to_judge(Path("/data") / file, brats) == judged
    silent = is_silent(read_name(Path(file).name, brats))
    assert silent == Path(file).name.startswith(("scan", "0001"))


@pytest.mark.parametrize(
    ("file", "judged"), [("rgb/0001.png", "rgb"), ("x/depth_1.png", "depth_1.png")]
)
def test_a_picture_is_judged_by_its_folder_if_its_own_name_says_nothing(
    file: str, judged: str
) -> None:
    assert name_to_judge(Path("/data") / file, load_task("rgbd")) == judged


@pytest.mark.parametrize("case", ["anna", "T2 study", "seg of anna", "a · b"])
@pytest.mark.parametrize("name", ["FLAIR", "T1", "T1ce", "T2"])
def test_a_layer_is_read_behind_the_name_of_its_case(case: str, name: str, brats: Task) -> None:
    shown = f"{case} · {name}"
    match = recognise(shown, brats)
    assert match is not None
    assert (match.role, shown[match.start : match.stop]) == (name, name)
    assert recognise(f"{name} · scan", brats) is None


@pytest.mark.parametrize(
    ("name", "task", "role"),
    [
        ("7.png", "avmnist", "image"),
        ("7.wav", "avmnist", "audio"),
        ("audio.png", "avmnist", "image"),  # a sound is no picture
        ("7.png", "rgbd", None),
        ("7.wav", "rgbd", None),
    ],
)
def test_an_ending_that_fits_one_modality_is_enough(name: str, task: str, role: str | None) -> None:
    match = recognise(name, load_task(task))
    assert (match.role if match else None) == role
    if match is not None:
        assert match.start == match.stop == len(stem(name))


def test_a_word_of_the_task_is_found_where_it_stands(brats: Task) -> None:
    for name in ("anna_t1ce_2.nii.gz", "x · anna_t1ce", "t1ce"):
        match = recognise(name, brats)
        assert match is not None
        assert name[match.start : match.stop] == "t1ce"


def test_a_notice_names_the_file_the_modality_and_the_reason(brats: Task) -> None:
    match = recognise("anna_T1_odd.nii", brats)
    assert match is not None
    assert match.reason
    text = notice(Path("/data/anna_T1_odd.nii"), match)
    assert text == f"anna_T1_odd.nii was used as T1: {match.reason}"


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("anna_FLAIR+T2_pred.nii.gz", True),
        ("anna_pred.seg.nrrd", True),
        ("anna_FLAIR_prob_ET.nii.gz", True),
        ("anna_FLAIR_prob_label_NCR.nii.gz", True),
        ("prob_ET.nii.gz", False),
        ("anna_prob_T1.nii.gz", False),
        ("pred_anna_T1.nii.gz", False),
        ("anna_T1.nii.gz", False),
    ],
)
def test_results_are_told_from_inputs(name: str, result: bool, brats: Task) -> None:
    assert is_result(name, brats) is result


def test_the_name_of_a_result_is_refused_as_an_input(brats: Task) -> None:
    with pytest.raises(InputError, match=r"result of a model.*FLAIR=anna_FLAIR_pred\.nii"):
        require_role(Path("anna_FLAIR_pred.nii"), brats)
    assert require_role(Path("anna_FLAIR.nii"), brats).role == "FLAIR"


def test_files_without_a_common_beginning_are_named_by_their_folder(brats: Task) -> None:
    assert common_name([Path("/x/anna/a_T1.nii"), Path("/x/anna/b_T2.nii")], brats) == "anna"
    assert common_name([], brats) == "case"
    assert common_name([Path("Pat-3_day1_T1.nii"), Path("Pat-3_day2_T2.nii")], brats) == "Pat-3"
