"""Where the files of a case are found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_case, find_cases
from shaspec.task import Task

MSD_NAMES = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}


def touch(folder: Path, *names: str) -> Path:
    """Empty files: finding a case must not need their content."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def describe(folder: Path, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(content))


def test_a_folder_with_one_file_per_modality_is_a_case(brats: Task, tmp_path: Path) -> None:
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


def test_labels_can_be_left_out(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "p1", "t2.nii", "a_seg.nii", "b_seg.nii")
    assert find_case(folder, brats).problems
    case = find_case(folder, brats, with_labels=False)
    assert case.labels is None
    assert not case.problems


def test_predictions_are_neither_inputs_nor_ground_truth(brats: Task, tmp_path: Path) -> None:
    found = ("p1_FLAIR_pred.nii.gz", "p1_FLAIR+T2_pred.nii.gz")
    folder = touch(tmp_path / "p1", "p1_t2.nii.gz", "p1_flair.nii.gz", *found)
    case = find_case(folder, brats)
    assert (list(case.volumes), case.labels, case.problems) == (["FLAIR", "T2"], None, ())
    touch(folder, "p1_seg.nii.gz")
    assert find_case(folder, brats).labels == folder / "p1_seg.nii.gz"
    touch(tmp_path, "a_t1.nii", "a_flair.nii", "a_T1_pred.nii", "b_t1.nii", "b_t2.nii")
    a, b = find_cases(tmp_path, brats)[:2]
    assert (a.name, list(a.volumes), b.name) == ("a", ["FLAIR", "T1"], "b")


def test_a_task_may_call_its_labels_pred(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "p1", "t2.nii", "p1_pred.nii")
    words = brats.model_copy(update={"label_words": ("pred",)})
    assert find_case(folder, words).labels == folder / "p1_pred.nii"


def test_the_folder_name_does_not_decide_modalities(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "patient_t2_flair_seg", "T1.nii.gz")
    assert list(find_case(folder, brats).volumes) == ["T1"]


def test_an_inner_folder_of_bids_is_named_after_its_subject(brats: Task, tmp_path: Path) -> None:
    folder = touch(tmp_path / "sub-01" / "ses-1" / "anat", "T1w.nii.gz", "flair.nii.gz")
    assert find_case(folder, brats).name == "sub-01_ses-1_anat"


def test_two_files_for_one_modality_are_a_problem_that_names_both(
    brats: Task, tmp_path: Path
) -> None:
    folder = touch(tmp_path / "p", "a_t1.nii", "b_t1.nii", "t2.nii")
    case = find_case(folder, brats)
    assert list(case.volumes) == ["T2"]
    assert "a_t1.nii and b_t1.nii" in case.problems[0]


def test_unrecognised_files_are_reported(brats: Task, tmp_path: Path) -> None:
    case = find_case(touch(tmp_path / "p", "t1.nii", "adc.nii", "._t2.nii"), brats)
    assert list(case.volumes) == ["T1"]
    assert "adc.nii" in case.notices[0]


def test_folders_that_are_called_like_files_are_looked_into(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path / "p" / "x_t1.nii", "00000057_brain_t1.nii")
    touch(tmp_path / "p" / "x_flair.nii", "volume.nii")
    case = find_case(tmp_path / "p", brats)
    assert case.volumes == {
        "FLAIR": tmp_path / "p" / "x_flair.nii" / "volume.nii",
        "T1": tmp_path / "p" / "x_t1.nii" / "00000057_brain_t1.nii",
    }


def test_a_nested_folder_is_read_and_the_case_keeps_the_outer_name(
    brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path / "sub-01" / "anat", "sub-01_T1w.nii.gz", "sub-01_ce-gad_T1w.nii.gz")
    case = find_case(tmp_path / "sub-01", brats)
    assert case.name == "sub-01"
    assert list(case.volumes) == ["T1", "T1ce"]


def test_cases_are_found_in_nested_folders(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path / "HGG" / "b", "b_t1.nii")
    touch(tmp_path / "HGG" / "a", "a_t1.nii")
    touch(tmp_path / "LGG" / "c", "c_t1.nii", "c_seg.nii")
    touch(tmp_path / "empty")
    assert [case.name for case in find_cases(tmp_path, brats)] == ["a", "b", "c"]


def test_cases_with_the_same_name_are_distinguished_by_folder(brats: Task, tmp_path: Path) -> None:
    for subject in ("sub-01", "sub-02"):
        touch(tmp_path / subject / "anat", f"{subject}_T1w.nii.gz")
    names = [case.name for case in find_cases(tmp_path, brats)]
    assert names == ["sub-01_anat", "sub-02_anat"]


def test_a_case_folder_is_a_list_of_one(brats: Task, tmp_path: Path) -> None:
    cases = find_cases(touch(tmp_path / "p", "t1.nii"), brats)
    assert [case.name for case in cases] == ["p"]


def test_an_ambiguous_folder_is_listed_with_its_problem(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path / "good", "t1.nii")
    touch(tmp_path / "odd", "a.nii", "b.nii")
    touch(tmp_path / "only-labels", "seg.nii")
    cases = {case.name: case for case in find_cases(tmp_path, brats)}
    assert list(cases) == ["good", "odd", "only-labels"]
    assert "a.nii, b.nii" in cases["odd"].problems[0]
    assert "only labels" in cases["only-labels"].problems[0]
    with pytest.raises(InputError, match="no file name contains a modality"):
        find_case(tmp_path / "odd", brats)


def test_no_case_and_many_cases_are_refused_with_the_mend(brats: Task, tmp_path: Path) -> None:
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


# -- decathlon -----------------------------------------------------------------------------------


def test_a_decathlon_folder_is_listed_without_reading_a_volume(brats: Task, tmp_path: Path) -> None:
    describe(tmp_path, {"modality": MSD_NAMES})
    touch(tmp_path / "imagesTr", "BRATS_002.nii.gz", "BRATS_001.nii.gz", "._BRATS_001.nii.gz")
    touch(tmp_path / "imagesTs", "BRATS_485.nii.gz")
    touch(tmp_path / "labelsTr", "BRATS_001.nii.gz", "BRATS_002.nii.gz")
    cases = find_cases(tmp_path, brats)
    assert [case.name for case in cases] == ["BRATS_001", "BRATS_002", "BRATS_485"]
    assert cases[0].channel == {"FLAIR": 0, "T1": 1, "T1ce": 2, "T2": 3}
    assert cases[0].labels == tmp_path / "labelsTr" / "BRATS_001.nii.gz"
    assert cases[2].labels is None
    assert find_cases(tmp_path / "imagesTs", brats)[0].name == "BRATS_485"


def test_the_order_of_channels_is_that_of_the_description(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    describe(tmp_path, {"channel_names": {"0": "T2", "1": "ADC", "10": "FLAIR", "2": "T1"}})
    path = write_file(tmp_path / "imagesTr" / "x.nii.gz", np.zeros((3, 3, 3, 4), np.int16))
    case = find_case(path, brats)
    assert case.channel == {"FLAIR": 3, "T1": 2, "T2": 0}
    assert "T2, ADC, T1, FLAIR (by dataset.json)" in case.notices[0]


def test_without_a_description_channels_are_in_task_order_and_a_notice_says_so(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    path = write_file(tmp_path / "p" / "x.nii.gz", np.zeros((3, 3, 3, 4), np.int16))
    for source in (path, path.parent):
        case = find_case(source, brats)
        assert case.name == "x"
        assert list((case.channel or {}).values()) == [0, 1, 2, 3]
        assert "taken as FLAIR, T1, T1ce, T2" in case.notices[0]


@pytest.mark.parametrize(
    "content",
    [[], {}, {"modality": {"a": "FLAIR"}}, {"modality": {"0": "CT"}},
     {"modality": {"0": "T1", "1": "t1w"}}],
)  # fmt: skip
def test_a_description_that_does_not_help_is_a_problem_by_name(
    content: Any, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    describe(tmp_path, content)
    path = write_file(tmp_path / "imagesTr" / "x.nii.gz", np.zeros((3, 3, 3, 2), np.int16))
    assert "dataset.json" in find_case(path, brats).problems[0]


# -- many cases in one folder --------------------------------------------------------------------


def test_files_in_one_folder_are_grouped_by_the_rest_of_their_names(
    brats: Task, tmp_path: Path
) -> None:
    touch(tmp_path, "a_t1.nii", "a_flair.nii", "a_seg.nii", "b_t1.nii", "b_t2.nii", "c_t2.nii")
    cases = {c.name: c for c in find_cases(tmp_path, brats)}
    assert {n: list(c.volumes) for n, c in cases.items()} == {
        "a": ["FLAIR", "T1"],
        "b": ["T1", "T2"],
        "c": ["T2"],
    }
    assert cases["a"].labels == tmp_path / "a_seg.nii"
    assert cases["b"].labels is None
    assert find_case(tmp_path / "b", brats) == cases["b"]
    with pytest.raises(InputError, match="no such"):
        find_case(tmp_path / "z", brats)


def test_raw_folders_of_nnunet_are_grouped_by_channel(brats: Task, tmp_path: Path) -> None:
    describe(tmp_path, {"channel_names": {"0": "T2", "1": "FLAIR"}})
    touch(tmp_path / "imagesTr", "x_0001.nii.gz", "x_0000.nii.gz", "y_0000.nii.gz")
    touch(tmp_path / "labelsTr", "x.nii.gz", "y.nii.gz")
    for source in (tmp_path, tmp_path / "dataset.json"):
        x, y = find_cases(source, brats)
        assert [p.name for p in x.volumes.values()] == ["x_0001.nii.gz", "x_0000.nii.gz"]
        assert list(y.volumes) == ["T2"]
        assert y.labels == tmp_path / "labelsTr" / "y.nii.gz"
        assert "T2, FLAIR" in x.notices[0]


def test_a_list_says_which_file_is_what(brats: Task, tmp_path: Path) -> None:
    touch(tmp_path / "scans", "1.nii", "2.nii", "3.nii")
    table = tmp_path / "list.csv"
    table.write_text(
        "case,flair,T1ce,seg,fold\nanna,scans/1.nii,,scans/2.nii,0\nben,,scans/3.nii,,1\n"
    )
    anna, ben = find_cases(table, brats)
    assert anna.volumes == {"FLAIR": tmp_path / "scans" / "1.nii"}
    assert anna.labels == tmp_path / "scans" / "2.nii"
    assert list(ben.volumes) == ["T1ce"]
    assert ben.labels is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,flair\nanna,none.nii\n", "line 2.*none.nii of case anna does not exist"),
        ("case,colour\nanna,red\n", "column 'colour' is neither a modality"),
        ("flair\nx.nii\n", "no column 'case'"),
        ("case,flair\n", "no rows"),
        ("case,flair,fl\nanna,,\n", "have the same meaning"),
        ("case,flair\nanna,\nanna,\n", "line 3.*'anna' has no unique name"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_line_or_column(
    text: str, message: str, brats: Task, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        find_cases(tmp_path / "list.csv", brats)


# -- pictures ----------------------------------------------------------------------------------


def test_pictures_of_a_case_are_found_in_its_folder(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "a", "rgb.png", "depth.png", "label.png", "notes.txt")
    touch(tmp_path / "b", "b_depth.PNG", "preview.jpg")
    one, two = find_cases(tmp_path, rgbd)
    assert (one.name, list(one.volumes)) == ("a", ["RGB", "depth"])
    assert one.labels == tmp_path / "a" / "label.png"
    assert (two.name, list(two.volumes), two.labels) == ("b", ["depth"], None)
    assert two.notices == ("not recognised and not used: preview.jpg",)
    assert find_case(tmp_path / "a", rgbd, with_labels=False).labels is None


def test_pictures_are_found_in_a_folder_per_modality(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "rgb", "9.png", "10.png")
    touch(tmp_path / "depth", "9.png")
    touch(tmp_path / "labels", "9.png", "10.png", "11.png")
    nine, ten = find_cases(tmp_path, rgbd)
    assert (nine.name, list(nine.volumes)) == ("9", ["RGB", "depth"])
    assert (ten.name, list(ten.volumes)) == ("10", ["RGB"])
    assert ten.labels == tmp_path / "labels" / "10.png"
    assert [c.labels for c in find_cases(tmp_path, rgbd, with_labels=False)] == [None, None]


def test_a_saved_result_next_to_pictures_is_not_an_input(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "rgb", "9.png", "9_RGB+depth_pred.png", "10.png")
    touch(tmp_path / "depth", "9.png", "9_depth_pred.png")
    nine, ten = find_cases(tmp_path, rgbd)
    assert (nine.name, list(nine.volumes)) == ("9", ["RGB", "depth"])
    assert (ten.name, list(ten.volumes), ten.problems) == ("10", ["RGB"], ())


def test_names_in_a_folder_per_modality_may_repeat_the_modality(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "train" / "rgb", "0001_rgb.jpg", "0002_rgb.jpg")
    touch(tmp_path / "train" / "depth", "0001_depth.png")
    cases = find_cases(tmp_path, rgbd)
    assert [(c.name, list(c.volumes)) for c in cases] == [
        ("0001", ["RGB", "depth"]), ("0002", ["RGB"])
    ]  # fmt: skip


def test_one_picture_in_a_folder_per_modality_is_one_case(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "scene" / "rgb", "rgb.png")
    touch(tmp_path / "scene" / "depth", "depth.png")
    (case,) = find_cases(tmp_path, rgbd)
    assert (case.name, list(case.volumes)) == ("scene", ["RGB", "depth"])


def test_two_pictures_of_one_name_and_modality_are_refused(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "rgb", "1.png", "1.jpg")
    with pytest.raises(InputError, match=r"1\.jpg and 1\.png both look like RGB"):
        find_cases(tmp_path, rgbd)


def test_a_case_folder_named_after_a_modality_is_a_case(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "depth_scene", "rgb.png", "depth.png")
    (case,) = find_cases(tmp_path, rgbd)
    assert (case.name, list(case.volumes)) == ("depth_scene", ["RGB", "depth"])


def test_a_list_chooses_the_cases_beside_it(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "rgb", "1.png", "2.png", "3.png")
    listed = tmp_path / "val.txt"
    listed.write_text("3.png\n\n rgb/1.png \n")
    assert [c.name for c in find_cases(listed, rgbd)] == ["3", "1"]
    listed.write_text("3.png\n4.png\n")
    with pytest.raises(InputError, match=r"val\.txt: lists 4, but .* has no such case"):
        find_cases(listed, rgbd)
    listed.write_text("\n")
    with pytest.raises(InputError, match="lists no case"):
        find_cases(listed, rgbd)


def test_volumes_are_refused_by_a_task_of_pictures(tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path, "a_depth.nii.gz")
    with pytest.raises(InputError, match=r"no picture \(\.png"):
        find_case(tmp_path, rgbd)
    with pytest.raises(InputError, match=r"is not a picture .* task 'rgbd' requires"):
        find_case(tmp_path / "a_depth.nii.gz", rgbd)
