"""JSON lists of cases as MONAI writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.io.folders import find_cases
from shaspec.io.splits import fold_cases
from shaspec.task import Task


def put(folder: Path, *files: str) -> None:
    """Empty files: finding a case must not need their content."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def write(folder: Path, **sections: Any) -> Path:
    path = folder / "datalist.json"
    path.write_text(json.dumps({"name": "anything", **sections}))
    return path


ANNA = {"image": ["a/anna_flair.nii", "a/anna_t1.nii"], "label": "l/anna_seg.nii", "fold": 0}
BERT = {"image": ["b/bert_t2.nii", "b/bert_flair.nii"], "label": "l/bert_seg.nii", "fold": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for entry in (ANNA, BERT):
        put(tmp_path, *entry["image"], str(entry["label"]))  # type: ignore[misc]
    put(tmp_path, "c/carl_t1.nii")
    return tmp_path


def test_the_files_of_a_case_may_lie_anywhere(folder: Path, brats: Task) -> None:
    anna, bert = find_cases(write(folder, training=[ANNA, BERT]), brats)
    assert (anna.name, bert.name) == ("anna", "bert")
    assert anna.volumes == {"FLAIR": folder / "a/anna_flair.nii", "T1": folder / "a/anna_t1.nii"}
    assert list(bert.volumes) == ["FLAIR", "T2"]  # in the order of the task
    assert bert.labels == folder / "l/bert_seg.nii"


def test_cases_for_testing_take_part_where_no_labels_are_asked_for(
    folder: Path, brats: Task
) -> None:
    path = write(folder, training=[ANNA], testing=["c/carl_t1.nii"])
    assert [case.name for case in find_cases(path, brats)] == ["anna"]
    found = find_cases(path, brats, with_labels=False)
    assert [case.name for case in found] == ["anna", "carl_t1"]
    assert [case.labels for case in found] == [None, None]


def test_modalities_may_be_keys_and_cases_have_names(folder: Path, brats: Task) -> None:
    row = {"id": "first", "flair": "a/anna_flair.nii", "T1": "c/carl_t1.nii", "t2": ""}
    (case,) = find_cases(write(folder, training=[row]), brats)
    assert case.name == "first"
    assert case.volumes == {"FLAIR": folder / "a/anna_flair.nii", "T1": folder / "c/carl_t1.nii"}


def test_files_with_uninformative_names_follow_the_order_of_the_task(
    folder: Path, brats: Task
) -> None:
    files = [f"d/dora_{number}.nii" for number in range(4)]
    put(folder, *files)
    (case,) = find_cases(write(folder, training=[{"image": files}]), brats)
    assert case.volumes == dict(zip(brats.names, (folder / f for f in files), strict=True))
    with pytest.raises(InputError, match=r"case dora: dora_0.nii, .* cannot be assigned"):
        find_cases(write(folder, training=[{"image": files[:3]}]), brats)


def test_all_modalities_may_be_channels_of_one_file(folder: Path, brats: Task) -> None:
    volume = np.random.default_rng(0).random((6, 5, 4, 4)).astype(np.float32)
    put(folder, "t1/emil.nii")  # the folder says nothing about what is in the file
    nib.save(nib.Nifti1Image(volume, np.eye(4)), folder / "t1" / "emil.nii")
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[2:4] = 4
    nib.save(nib.Nifti1Image(labels, np.eye(4)), folder / "of-emil.nii")
    row = {"image": "t1/emil.nii", "label": "of-emil.nii", "case": "emil"}
    (files,) = find_cases(write(folder, training=[row]), brats)
    case = read_case(files, brats)
    assert case.name == "emil"
    assert list(case.volumes) == list(brats.names)
    assert case.labels is not None
    assert case.labels.any()


def test_the_folds_of_the_list_hold_cases_out(folder: Path) -> None:
    path = write(folder, training=[ANNA, BERT])
    assert fold_cases(path, 0) == {"anna"}
    assert fold_cases(path, 1) == {"bert"}
    with pytest.raises(InputError, match=r"no case has fold 2 \(it has 0, 1\)"):
        fold_cases(path, 2)
    with pytest.raises(InputError, match=r"the fold to hold out .*it has 0, 1"):
        fold_cases(path)
    assert fold_cases(write(folder, training=[ANNA], validation=[BERT])) == {"bert"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ANNA, ANNA], "two cases are called 'anna'"),
        ([{"image": "not/there_t1.nii"}], "there_t1.nii of case there_t1 does not exist"),
        ([{"image": 3}], "training, entry 0: 'image' is neither a path nor a list of paths"),
        ([["a", "b"]], "training, entry 0: expected"),
        ([ANNA | {"label": ["l/anna_seg.nii", "l/bert_seg.nii"]}], "'label' has 2 files, not 1"),
        ([{"fold": 1}], "training, entry 0: names no file"),
        ([ANNA, {"pet": "c/carl_t1.nii"}], "case carl_t1: 'pet' is neither a modality"),
    ],
)
def test_an_invalid_entry_is_reported_with_the_file(
    rows: list[Any], message: str, folder: Path, brats: Task
) -> None:
    with pytest.raises(InputError, match=message) as error:
        find_cases(write(folder, training=rows), brats)
    assert "datalist.json" in str(error.value)


def test_a_section_that_is_not_a_list_is_named(folder: Path, brats: Task) -> None:
    path = write(folder, training=[ANNA], validation=5)
    with pytest.raises(InputError, match=r"datalist\.json: validation is not a list of cases"):
        find_cases(path, brats)
