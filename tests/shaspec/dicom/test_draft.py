"""A first choice of series leaves open what is in doubt, and says what that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shaspec.dicom import Draft, dicom_files, draft, propose, read_studies
from shaspec.errors import UndecidedError
from shaspec.task import Task
from tests.made_up_dicom import FLAIR, T1, T2, write_examination, write_series


def drafted(folder: Path, task: Task) -> Draft:
    with dicom_files(folder) as files:
        (study,) = read_studies(files)
    return draft(propose(study, task), task)


def test_a_clear_examination_leaves_nothing_open(brats: Task, tmp_path: Path) -> None:
    found = drafted(write_examination(tmp_path), brats)
    assert found == Draft({"FLAIR": "4", "T1": "5", "T1ce": "7", "T2": "2"}, "")


@pytest.mark.parametrize(
    ("second", "doubt"),
    [
        ({"number": 9}, "2 series fit T1: series 5 (t1_se), series 9 (t1_se)"),
        ({"number": 9, "step": 4.5}, "2 series fit T1: series 5 (t1_se), series 9 (t1_se)"),
    ],
)
def test_series_that_fit_equally_well_are_left_to_the_user(
    second: dict[str, Any], doubt: str, brats: Task, tmp_path: Path
) -> None:
    write_series(tmp_path, 2, "t2_tse", **T2)
    write_series(tmp_path, 3, "flair", **FLAIR)
    write_series(tmp_path, 5, "t1_se", **T1)
    write_series(tmp_path, second.pop("number"), "t1_se", **second, **T1)
    assert drafted(tmp_path, brats) == Draft({"FLAIR": "3", "T2": "2"}, doubt)


def test_a_t1_after_the_contrast_agent_is_left_to_the_user(brats: Task, tmp_path: Path) -> None:
    write_series(tmp_path, 5, "t1_se", ContrastBolusAgent="Gadovist", **T1)
    write_series(tmp_path, 7, "t1_se", **T1)  # its time is later
    found = drafted(tmp_path, brats)
    assert found.series == {"T1ce": "5"}
    assert "so it may show contrast agent" in found.doubt
    assert "decide with" not in found.doubt


def test_an_examination_without_a_fitting_series_says_so(brats: Task, tmp_path: Path) -> None:
    write_series(tmp_path, 1, "ep2d_diff", ImageType=["DERIVED", "PRIMARY", "ADC"])
    found = drafted(tmp_path, brats)
    assert found.series == {}
    assert "no series fits" in found.doubt


def test_the_choices_of_the_error_decide(brats: Task, tmp_path: Path) -> None:
    from shaspec.dicom import choose

    write_series(tmp_path, 5, "t1_se", **T1)
    write_series(tmp_path, 9, "t1_se", **T1)
    with dicom_files(tmp_path) as files:
        (study,) = read_studies(files)
    proposals = propose(study, brats)
    with pytest.raises(UndecidedError, match="decide with T1=5 or T1=9 or T1=none") as caught:
        choose(proposals, brats)
    keys = []
    for given in caught.value.choices.values():
        if "none" not in given.values():
            keys.append(choose(proposals, brats, given).series["T1"].key)
    assert keys == ["5", "9"]
