"""Tasks: subsets, regions, labels and the files that describe them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shaspec.errors import InputError
from shaspec.task import Task, bundled_tasks, load_task
from shaspec.task_files import task_file

BRATS = load_task("brats")
LABEL = {"name": "x", "title": "x", "colour": "#ffffff"}


def test_brats_is_bundled_in_the_order_of_the_authors() -> None:
    assert "brats" in bundled_tasks()
    assert BRATS.names == ("FLAIR", "T1", "T1ce", "T2")
    assert BRATS.region_names == ("ET", "WT", "TC")
    assert BRATS.spacing == (1, 1, 1)


def test_the_liver_task_is_two_windowed_phases_in_the_codes_of_lits() -> None:
    task = load_task("liver-ct")
    assert task.names == ("arterial", "venous")
    assert {m.window for m in task.modalities} == {(0, 200)}
    labels = np.array([0, 1, 2], np.uint8)
    np.testing.assert_array_equal(task.region_masks(labels), [[0, 1, 1], [0, 0, 1]])
    np.testing.assert_array_equal(task.paint(task.region_masks(labels)), labels)
    assert task.schemes[0].mapping == {0: 0, 1: 1, 2: 2}


def test_there_are_15_subsets_single_ones_first_the_full_one_last() -> None:
    subsets = BRATS.subsets()
    assert len(subsets) == len(set(subsets)) == 15
    assert subsets[:4] == [("FLAIR",), ("T1",), ("T1ce",), ("T2",)]
    assert subsets[-1] == BRATS.names


@given(st.lists(st.sampled_from(BRATS.names), min_size=1))
def test_a_subset_is_in_task_order_and_its_name_can_be_read_back(names: list[str]) -> None:
    subset = BRATS.subset(names)
    assert subset == tuple(n for n in BRATS.names if n in names)
    assert BRATS.parse_subset(BRATS.subset_name(names)) == subset
    assert BRATS.parse_subset(BRATS.subset_name(names).lower()) == subset


def test_subsets_are_read_from_text_without_regard_to_case() -> None:
    assert BRATS.parse_subset(" t2 + flair") == ("FLAIR", "T2")
    assert BRATS.parse_subset("All") == BRATS.names


@pytest.mark.parametrize("text", ["", "+", "PET", "FLAIR+PET"])
def test_a_subset_that_is_empty_or_unknown_is_refused_with_the_names(text: str) -> None:
    with pytest.raises(InputError, match="FLAIR, T1, T1ce, T2"):
        BRATS.parse_subset(text)


@given(st.lists(st.sampled_from([0, 1, 2, 4]), min_size=8, max_size=8))
def test_painting_the_regions_of_labels_gives_the_labels_again(values: list[int]) -> None:
    labels = np.array(values, np.uint8).reshape(2, 2, 2)
    masks = BRATS.region_masks(labels)
    assert masks.shape == (3, 2, 2, 2)
    np.testing.assert_array_equal(BRATS.paint(masks), labels)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_any_masks_can_be_painted_the_smallest_region_wins(values: list[bool]) -> None:
    et, wt, tc = values
    label = int(BRATS.paint(np.array(values).reshape(3, 1, 1, 1)).item())
    assert label == (4 if et else 1 if tc else 2 if wt else 0)


def test_schemes_map_background_to_background_and_only_to_known_labels_or_to_none() -> None:
    known = {0, *(label.value for label in BRATS.labels)}
    assert len(BRATS.schemes) >= 3
    for scheme in BRATS.schemes:
        assert scheme.mapping[0] == 0
        assert set(scheme.mapping.values()) <= known | {-1}


def test_a_task_survives_being_stored_in_a_card() -> None:
    assert Task.model_validate_json(BRATS.model_dump_json()) == BRATS


def test_a_task_file_of_a_user_is_read(tmp_path: Path) -> None:
    path = tmp_path / "liver.toml"
    path.write_text(
        'name = "liver"\ntitle = "Liver"\n'
        '[[modalities]]\nname = "CT"\nnormalisation = "window"\nwindow = [-160, 240]\n'
        '[[labels]]\nvalue = 1\nname = "L"\ntitle = "liver"\ncolour = "#ff0000"\n'
        '[[regions]]\nname = "L"\ntitle = "liver"\nlabels = [1]\npaints = 1\n'
    )
    task = load_task(path)
    assert task.names == ("CT",)
    assert task.modalities[0].window == (-160, 240)


@pytest.mark.parametrize("content", ["name = ", 'name = "x"', 'colour = "red"'])
def test_a_task_file_that_cannot_be_used_is_named_in_the_error(
    content: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"mine\.toml"):
        load_task(path)


def test_an_unknown_task_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="brats"):
        load_task("heart")


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("modalities", lambda m: [m[0], m[0]]),
        ("modalities", lambda m: [m[0] | {"name": "T1+T2"}]),
        ("regions", lambda r: [r[0], r[0]]),
        ("regions", lambda r: [r[0] | {"labels": [9]}]),
        ("regions", lambda r: [r[0] | {"paints": 9}]),
        ("dims", lambda _: 4),
    ],
)
def test_a_task_that_contradicts_itself_is_refused(key: str, change: Any) -> None:
    content = BRATS.model_dump()
    content[key] = change(content[key])
    with pytest.raises(ValidationError):
        Task.model_validate(content)


def test_pictures_of_three_channels_and_of_one_make_a_task() -> None:
    rgbd = load_task("rgbd")
    assert (rgbd.names, rgbd.channels) == (("RGB", "depth"), (3, 1))
    assert (rgbd.dims, rgbd.spacing) == (2, (1.0, 1.0))
    assert rgbd.modality("RGB").array_shape((4, 5)) == (3, 4, 5)
    assert rgbd.modality("depth").array_shape((4, 5)) == (4, 5)
    labels = np.array([[0, 1], [2, 2]], np.uint8)
    np.testing.assert_array_equal(rgbd.paint(rgbd.region_masks(labels)), labels)


def test_a_classification_has_classes_and_no_regions() -> None:
    task = load_task("avmnist")
    assert task.kind == "classification"
    assert [label.value for label in task.labels] == list(range(10))
    assert task.regions == ()


def test_the_template_is_a_whole_task_but_is_not_listed_as_one(tmp_path: Path) -> None:
    assert {"avmnist", "brats", "rgbd"} <= set(bundled_tasks())
    assert "template" not in bundled_tasks()
    own = tmp_path / "my.toml"
    own.write_text(task_file("template"))
    assert load_task(own).name == "my-task"
    assert f'name = "{load_task("rgbd").name}"' in task_file("rgbd")
    with pytest.raises(InputError, match=r"no task 'heart' is bundled: .* and template"):
        task_file("heart")


def test_the_template_shows_the_actual_defaults(tmp_path: Path) -> None:
    own = tmp_path / "my.toml"
    own.write_text(task_file("template"))
    before = load_task(own)
    shown = re.sub(
        r"^# (kind|channels|medium|normalisation) =", r"\1 =", own.read_text(), flags=re.M
    )
    own.write_text(shown)
    assert own.read_text() != task_file("template")
    assert load_task(own) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spacing": (1.0, 1.0)}, "spacing has 2 numbers, dims is 3"),
        ({"spacing": (0, 1, 1)}, "greater than 0"),
        ({"spacing": (1, -1, 1)}, "greater than 0"),
        ({"spacing": (1, 1, float("inf"))}, "finite number"),
        ({"labels": [LABEL | {"value": 300}]}, "less than or equal to 255"),
        ({"labels": [LABEL | {"value": -1}]}, "greater than or equal to 0"),
        ({"labels": [LABEL | {"value": 0}]}, "label 0 is the background"),
        ({"modalities": ()}, "no modalities"),
        ({"regions": ()}, r"segmentation tasks need \[\[regions\]\]"),
        ({"kind": "classification"}, "classification tasks have none"),
        ({"modalities": [{"name": "cough", "medium": "sound"}]}, "medium = sound needs kind"),
    ],
)
def test_parts_that_do_not_fit_the_kind_of_task_are_refused(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Task.model_validate(BRATS.model_dump() | change)


def test_a_wrong_key_in_a_task_file_is_named(tmp_path: Path) -> None:
    own = tmp_path / "my.toml"
    own.write_text(task_file("template").replace('"window"\n', '"windowed"\n'))
    with pytest.raises(InputError, match=r"my\.toml cannot be used: modalities\.1\.normalisation"):
        load_task(own)


def test_a_network_may_work_at_larger_voxels() -> None:
    assert BRATS.at((2, 2, 2.5)).spacing == (2, 2, 2.5)
    assert BRATS.at(None) is BRATS
    with pytest.raises(InputError, match=r"spacing \(2, 2\): task 'brats' needs 3 numbers"):
        BRATS.at((2, 2))
