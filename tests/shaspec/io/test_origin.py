"""An unedited result of a model is not a truth, whatever its name is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.io import find_cases, read_case, write_case, write_labels
from shaspec.io.model_results import is_unedited_result
from shaspec.io.naming import LABELS
from shaspec.io.origin import Origin
from shaspec.io.roles import UNUSED, file_roles
from shaspec.prediction import Prediction
from shaspec.task import Task

ENDINGS = (".nii", ".nii.gz", ".seg.nrrd")


def result_of(case: Case, edited: bool = False) -> Prediction:
    """A result whose labels are those of the case."""
    assert case.labels is not None
    facts = {"edited": True} if edited else {}
    return Prediction(case.name, case.task, case.grid, case.present, case.labels, facts)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_saved_result_is_recognised_until_it_is_edited(
    ending: str, small_case: Case, tmp_path: Path
) -> None:
    path = tmp_path / f"a{ending}"
    result_of(small_case).save(path)
    assert is_unedited_result(path)
    result_of(small_case, edited=True).save(path)
    assert not is_unedited_result(path)
    assert small_case.labels is not None
    write_labels(path, small_case.labels, small_case.grid, small_case.task.labels)
    assert not is_unedited_result(path)


def test_a_result_that_another_program_changed_is_a_label_map(
    small_case: Case, tmp_path: Path
) -> None:
    path = result_of(small_case).save(tmp_path / "a.nii")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert not is_unedited_result(path)


def test_results_of_pictures_are_recognised_too(picture_case: Case, tmp_path: Path) -> None:
    path = result_of(picture_case).save(tmp_path / "a.png")
    assert is_unedited_result(path)
    assert not is_unedited_result(result_of(picture_case, edited=True).save(path))


@pytest.mark.parametrize("layout", ["folder each", "side by side"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_result_under_the_name_of_a_truth_is_not_scored(
    layout: str, ending: str, small_case: Case, brats: Task, tmp_path: Path
) -> None:
    for name in ("a1", "b2"):
        folder = tmp_path / name if layout == "folder each" else tmp_path
        (*_, truth) = write_case(folder, Case(**{**vars(small_case), "name": name}))
        if name == "b2":
            truth.unlink()
            result_of(small_case).save(truth.with_name(f"b2_seg{ending}"))
    first, second = find_cases(tmp_path, brats)
    assert first.labels is not None
    assert second.labels is None
    assert any(f"b2_seg{ending} is an unedited result" in text for text in second.notices)
    listed = [*second.volumes.values(), folder / f"b2_seg{ending}"]
    assert read_case(listed, brats).labels is None
    given = read_case({**second.volumes, LABELS: listed[-1]}, brats)
    assert np.array_equal(given.labels, small_case.labels)  # type: ignore[arg-type]


def test_the_list_of_files_says_why_a_result_is_not_used(
    small_case: Case, brats: Task, tmp_path: Path
) -> None:
    (*_, truth) = write_case(tmp_path / "x", small_case)
    result_of(small_case).save(truth)
    (row,) = [row for row in file_roles(tmp_path / "x", brats) if row.path == truth]
    assert (row.role, row.open) == (UNUSED, False)
    assert "result of a model" in row.reason


def test_a_plain_label_map_says_what_it_is(small_case: Case, tmp_path: Path) -> None:
    assert small_case.labels is not None
    path = write_labels(
        tmp_path / "a.nii", small_case.labels, small_case.grid, origin=Origin.EDITED
    )
    assert b"edited model result by napari-shaspec" in path.read_bytes()[:352]
