"""Where the pictures of a case are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_case, find_cases
from shaspec.task import Task


def test_pictures_of_a_case_are_found_in_its_folder(touch: Any, tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path / "a", "rgb.png", "depth.png", "label.png", "notes.txt")
    touch(tmp_path / "b", "b_depth.PNG", "preview.jpg")
    one, two = find_cases(tmp_path, rgbd)
    assert (one.name, list(one.volumes)) == ("a", ["RGB", "depth"])
    assert one.labels == tmp_path / "a" / "label.png"
    assert (two.name, list(two.volumes), two.labels) == ("b", ["depth"], None)
    assert two.notices == ("not recognised and not used: preview.jpg",)
    assert find_case(tmp_path / "a", rgbd, with_labels=False).labels is None


def test_pictures_are_found_in_a_folder_per_modality(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "rgb", "9.png", "10.png")
    touch(tmp_path / "depth", "9.png")
    touch(tmp_path / "labels", "9.png", "10.png", "11.png")
    nine, ten = find_cases(tmp_path, rgbd)
    assert (nine.name, list(nine.volumes)) == ("9", ["RGB", "depth"])
    assert (ten.name, list(ten.volumes)) == ("10", ["RGB"])
    assert ten.labels == tmp_path / "labels" / "10.png"
    assert [c.labels for c in find_cases(tmp_path, rgbd, with_labels=False)] == [None, None]


def test_a_saved_result_next_to_pictures_is_not_an_input(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "rgb", "9.png", "9_RGB+depth_pred.png", "10.png")
    touch(tmp_path / "depth", "9.png", "9_depth_pred.png")
    nine, ten = find_cases(tmp_path, rgbd)
    assert (nine.name, list(nine.volumes)) == ("9", ["RGB", "depth"])
    assert (ten.name, list(ten.volumes), ten.problems) == ("10", ["RGB"], ())


def test_names_in_a_folder_per_modality_may_repeat_the_modality(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "train" / "rgb", "0001_rgb.jpg", "0002_rgb.jpg")
    touch(tmp_path / "train" / "depth", "0001_depth.png")
    cases = find_cases(tmp_path, rgbd)
    assert [(c.name, list(c.volumes)) for c in cases] == [
        ("0001", ["RGB", "depth"]), ("0002", ["RGB"])
    ]  # fmt: skip


def test_one_picture_in_a_folder_per_modality_is_one_case(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "scene" / "rgb", "rgb.png")
    touch(tmp_path / "scene" / "depth", "depth.png")
    (case,) = find_cases(tmp_path, rgbd)
    assert (case.name, list(case.volumes)) == ("scene", ["RGB", "depth"])


def test_two_pictures_of_one_name_and_modality_are_refused(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "rgb", "1.png", "1.jpg")
    (case,) = find_cases(tmp_path, rgbd)
    assert "1.jpg and 1.png both look like RGB" in case.problems[0]


def test_a_case_folder_named_after_a_modality_is_a_case(
    touch: Any, tmp_path: Path, rgbd: Task
) -> None:
    touch(tmp_path / "depth_scene", "rgb.png", "depth.png")
    (case,) = find_cases(tmp_path, rgbd)
    assert (case.name, list(case.volumes)) == ("depth_scene", ["RGB", "depth"])


def test_a_list_chooses_the_cases_beside_it(touch: Any, tmp_path: Path, rgbd: Task) -> None:
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


def test_volumes_are_refused_by_a_task_of_pictures(touch: Any, tmp_path: Path, rgbd: Task) -> None:
    touch(tmp_path, "a_depth.nii.gz")
    with pytest.raises(InputError, match=r"no picture \(\.png"):
        find_case(tmp_path, rgbd)
    with pytest.raises(InputError, match=r"is not a picture .* task 'rgbd' requires"):
        find_case(tmp_path / "a_depth.nii.gz", rgbd)
