"""Which of several files is which modality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.io.assign import Assignment, assign
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


def sorted_out(brats: Task, *names: str) -> Assignment:
    return assign([(n, Path(n)) for n in names], brats)


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (["p_T1_FLAIR", "p_T2"], {"T1": "p_T1_FLAIR", "T2": "p_T2"}),
        (["p_t1_FLAIR", "p_t2"], None),
        (["P7_t1_FLAIR"], None),
        (["p7_t1_flair", "p7_t2_flair"], None),
        (["AX_T1_FLAIR", "AX_T2_FLAIR"], {"T1": "AX_T1_FLAIR", "FLAIR": "AX_T2_FLAIR"}),
        (["p_t1_T1", "p_t1_FLAIR", "p_t1_T2"],
         {"T1": "p_t1_T1", "FLAIR": "p_t1_FLAIR", "T2": "p_t1_T2"}),
        (["p_t1", "FLAIR", "p_t1_FLAIR"], {"T1": "p_t1", "FLAIR": "FLAIR"}),
        (["p_t1", "p_t1_FLAIR"], None),
        (["p_t1_FLAIR", "p_t2_FLAIR"], None),
        (["T1_MPRAGE", "T1_FLAIR"], None),
    ],
)  # fmt: skip
def test_a_t1_flair_is_told_from_a_flair_of_time_t1_or_asked_for(
    names: list[str], roles: dict[str, str] | None, brats: Task
) -> None:
    found = sorted_out(brats, *names)
    if roles is None:
        assert "may be a T1 FLAIR, or a FLAIR" in str(found.problems)
        return
    assert {role: str(path) for role, path in found.roles.items()} == roles
    assert not found.problems
    assert found.notices


def test_a_certain_name_is_preferred_to_a_probable_one(brats: Task) -> None:
    found = sorted_out(brats, "T1.nii", "mprage.nii")
    assert found.roles == {"T1": Path("T1.nii")}
    assert found.notices == ["not used: mprage.nii; T1.nii is T1"]


def test_a_probable_name_is_used_with_a_notice(brats: Task) -> None:
    found = sorted_out(brats, "T1_FLAIR.nii", "T2.nii")
    assert found.roles["T1"] == Path("T1_FLAIR.nii")
    assert "T1-weighted" in found.notices[0]


def test_a_doubtful_name_is_a_problem_that_names_the_options(brats: Task) -> None:
    found = sorted_out(brats, "T1_delayed.nii", "T2.nii")
    assert list(found.roles) == ["T2"]
    assert "T1=T1_delayed.nii or T1ce=T1_delayed.nii" in found.problems["T1_delayed.nii"]


def test_a_doubtful_name_is_set_aside_where_others_are_certain(brats: Task) -> None:
    found = sorted_out(brats, "p_T1c.nii", "p_T1c_bias.nii", "p_T1_mask.nii")
    assert found.roles == {"T1ce": Path("p_T1c.nii")}
    assert not found.problems
    assert [n.split()[2] for n in found.notices] == ["p_T1c_bias.nii", "p_T1_mask.nii"]


def test_the_common_prefix_of_all_names_is_the_patient(brats: Task) -> None:
    found = sorted_out(brats, "Markus_Post_T1.nii", "Markus_Post_T1ce.nii", "Markus_Post_T2.nii")
    assert list(found.roles) == ["T1", "T1ce", "T2"]
    assert "Markus_Post" in found.notices[0]
    found = sorted_out(brats, "Roi_Cohen_T1.nii", "Roi_Cohen_FLAIR.nii")
    assert list(found.roles) == ["FLAIR", "T1"]


def test_post_in_front_of_all_names_leaves_a_t1_open(brats: Task) -> None:
    found = sorted_out(brats, "post_T1.nii", "post_FLAIR.nii")
    assert list(found.roles) == ["FLAIR"]
    assert "T1ce=post_T1.nii" in found.problems["post_T1.nii"]


def test_masks_with_a_common_prefix_are_not_images(brats: Task) -> None:
    assert not sorted_out(brats, "mask_anna_T1.nii", "mask_anna_FLAIR.nii").roles


@pytest.mark.parametrize(
    ("copy", "same"),
    [
        ("p_t1.nii", True),
        ("p_t1.nii.bz2", True),
        ("p_t1 (1).nii.gz", True),
        ("p_t1_2.nii.gz", True),
        ("p_t1.nii", False),
        ("p_t1_2.nii.gz", False),
    ],
)
def test_a_copy_of_a_scan_is_not_used_and_another_scan_is_a_problem(
    copy: str, same: bool, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    array = np.random.default_rng(0).integers(0, 900, (6, 5, 4)).astype(np.int16)
    write_file(tmp_path / "p_t1.nii.gz", array)
    write_file(tmp_path / copy, array if same else array[::-1])
    paths = sorted(tmp_path.iterdir())
    found = assign([(path.name, path) for path in paths], brats)
    assert list(found.problems) == ([] if same else ["T1"])
    assert list(found.roles) == (["T1"] if same else [])
    assert len(found.notices) == same
    assert all("has the same" in notice for notice in found.notices)


def test_the_same_voxels_at_another_place_are_no_copy(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p_t1.nii.gz")
    write_file(tmp_path / "p_t1.nii", affine=np.diag([-1.0, -1.0, 2.0, 1.0]))
    found = assign([(path.name, path) for path in sorted(tmp_path.iterdir())], brats)
    assert "both look like T1" in found.problems["T1"]
