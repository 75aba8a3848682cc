"""Which of several files is which modality."""

from __future__ import annotations

from pathlib import Path

from shaspec.io.assign import assign
from shaspec.task import Task


def test_two_files_for_one_modality_are_a_doubt_that_names_both(brats: Task) -> None:
    files = [(n, Path("case") / n) for n in ("a_t1.nii", "b_T1.nii.gz", "t2.nii", "odd.nii")]
    found = assign(files, brats)
    assert list(found.roles) == ["T2"]
    assert found.unknown == [Path("case/odd.nii")]
    for text in ("a_t1.nii", "b_T1.nii.gz", "T1=file", "case"):
        assert text in found.problems["T1"]


def test_roles_come_in_task_order_with_labels_last(brats: Task) -> None:
    names = ("seg.nii", "t2.nii", "t1ce.nii", "flair.nii", "t1.nii")
    found = assign([(n, Path(n)) for n in names], brats)
    assert list(found.roles) == [*brats.names, "labels"]
