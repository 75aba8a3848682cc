"""Many cases: data sets with a description, one folder for all files, lists."""

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


def describe(folder: Path, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(content))


def test_a_decathlon_folder_is_listed_without_reading_a_volume(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
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


def test_files_in_one_folder_are_grouped_by_the_rest_of_their_names(
    touch: Any, brats: Task, tmp_path: Path
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


def test_raw_folders_of_nnunet_are_grouped_by_channel(
    touch: Any, brats: Task, tmp_path: Path
) -> None:
    describe(tmp_path, {"channel_names": {"0": "T2", "1": "FLAIR"}})
    touch(tmp_path / "imagesTr", "x_0001.nii.gz", "x_0000.nii.gz", "y_0000.nii.gz")
    touch(tmp_path / "labelsTr", "x.nii.gz", "y.nii.gz")
    for source in (tmp_path, tmp_path / "dataset.json"):
        x, y = find_cases(source, brats)
        assert [p.name for p in x.volumes.values()] == ["x_0001.nii.gz", "x_0000.nii.gz"]
        assert list(y.volumes) == ["T2"]
        assert y.labels == tmp_path / "labelsTr" / "y.nii.gz"
        assert "T2, FLAIR" in x.notices[0]


def test_a_list_says_which_file_is_what(touch: Any, brats: Task, tmp_path: Path) -> None:
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
