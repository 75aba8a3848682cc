"""Notices are strings of a kind; their words decide nothing."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.io import find_cases, read_case, write_case
from shaspec.notices import CaseNotice, NoticeKind, kind_of, of_kind, to_judge
from shaspec.task import Task


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_notice_is_a_string_that_keeps_its_kind(kind: NoticeKind) -> None:
    notice = CaseNotice("labels of x", kind)
    assert notice == "labels of x"
    assert json.loads(json.dumps([notice])) == ["labels of x"]
    assert "; ".join([notice, "y"]) == "labels of x; y"
    again = pickle.loads(pickle.dumps(notice))  # on the way to a worker
    assert (again, kind_of(again)) == (notice, kind)


@pytest.mark.parametrize(
    "text", ["labels read as BraTS", "labels combined from masks", "not used as labels: x", "", "x"]
)
def test_the_words_of_a_plain_string_give_it_no_kind(text: str) -> None:
    assert kind_of(text) is NoticeKind.WARNING
    assert to_judge([text]) == (text,)
    assert not of_kind([text], NoticeKind.LABELS_UNUSED)


def emptied(labels: np.ndarray) -> np.ndarray:
    return np.zeros_like(labels)


@pytest.mark.parametrize(
    ("change", "name", "judged"),
    [
        (None, "anna_seg", []),
        (None, "anna_seg_auto", ["may have made them"]),
        (emptied, "anna_seg", ["no voxel is labelled"]),
        (emptied, "anna_seg_auto", ["may have made them", "no voxel is labelled"]),
    ],
)
def test_how_labels_were_read_needs_no_judgement_but_every_doubt_does(
    change: Callable[[np.ndarray], np.ndarray] | None,
    name: str,
    judged: list[str],
    small_case: Case,
    brats: Task,
    tmp_path: Path,
) -> None:
    assert small_case.labels is not None
    labels = change(small_case.labels) if change else small_case.labels
    folder = tmp_path / "anna"
    write_case(folder, replace(small_case, name="anna", labels=labels))
    (folder / "anna_seg.nii.gz").rename(folder / f"{name}.nii.gz")
    case = read_case(folder, brats)
    assert len(of_kind(case.notices, NoticeKind.LABELS_READ)) == 1
    said = to_judge(case.notices)
    assert len(said) == len(judged)
    assert all(words in text for words, text in zip(judged, said, strict=True))


@pytest.mark.parametrize(
    "name", ["masks/ben_seg.nii.gz", "masks/zoe_mask.nii.gz", "anna_T1_mask.nii.gz"]
)
def test_files_that_may_be_labels_and_are_not_used_are_told_as_such(
    name: str, small_case: Case, brats: Task, tmp_path: Path
) -> None:
    for case in ("anna", "carl"):
        write_case(tmp_path / case, replace(small_case, name=case))
        truth = tmp_path / case / f"{case}_seg.nii.gz"
        file = tmp_path / name if "/" in name else tmp_path / "anna" / name
        file.parent.mkdir(exist_ok=True)
        if case == "anna":
            file.write_bytes(truth.read_bytes())
        truth.unlink()
    anna, carl = find_cases(tmp_path, brats)
    assert anna.labels is None
    assert of_kind(anna.notices, NoticeKind.LABELS_UNUSED)
    assert not of_kind(carl.notices, NoticeKind.LABELS_UNUSED)
