"""Labels of a prepared case lie on a series where that scan shows the same place of the head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.dicom import dicom_files, read_studies
from shaspec.dicom.back import Prepared, beside, way_back
from shaspec.dicom.series import Study
from shaspec.dicom.stack import grid_of, on_series
from shaspec.errors import InputError, UndecidedError
from shaspec.geometry import Grid
from shaspec.io import write_labels
from shaspec.io.volumes import read_volume
from shaspec.preparation import Transforms, write_transforms
from shaspec.registration import Registration, Rigid
from shaspec.task import Task
from tests.made_up_dicom import T1, T2, write_series

SHIFT = (3.0, -4.0, 8.0)
"""Of T2 and T1ce in mm: whole voxels of all series."""
MOVED = Registration(Rigid.about((0, 0, 0), (0, 0, 0), SHIFT), 0.1, 0.2, 9.4, 0.1)
STILL = Registration(Rigid(), 1.0, 1.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """T1 and T1ce on one grid, T2 with slices twice as thick."""
    folder = tmp_path_factory.mktemp("exam")
    write_series(folder, 2, "t1_se", **T1)
    write_series(folder, 3, "t1_se", ContrastBolusAgent="Gadovist", **T1)
    write_series(folder, 5, "t2_tse", step=8.0, slices=10, **T2)
    with dicom_files(folder) as files:
        return read_studies(files)[0]


def series(study: Study, key: str) -> Any:
    return next(each for each in study.series if each.key == key)


@pytest.fixture
def case(study: Study, tmp_path: Path) -> Path:
    """The folder of a prepared case; T1 is the reference."""
    grids = {"T1": "2", "T1ce": "3", "T2": "5"}
    found = {"T1": STILL, "T1ce": MOVED, "T2": MOVED}
    own = {name: grid_of(series(study, key)) for name, key in grids.items()}
    write_transforms(tmp_path, Transforms("T1", own, found))
    return tmp_path


@pytest.fixture
def labels(study: Study, case: Path) -> Path:
    """A label map on the grid of the reference."""
    grid = grid_of(series(study, "2"))
    array = np.zeros(grid.shape, np.uint8)
    array[8:12, 10:20, 12:18] = 2
    return write_labels(case / "seg.nii.gz", array, grid)


def middle(array: Any, grid: Grid) -> Any:
    return grid.world(np.argwhere(array).T).mean(axis=1)


def back(study: Study, labels: Path, key: str, task: Task, **options: Any) -> Any:
    """Where the middle of the labels lies on a series, relative to the reference."""
    volume, target = read_volume(labels), series(study, key)
    prepared = replace(beside(labels), **options)
    through = way_back(prepared, volume.grid, target, study, task, labels)
    stack, _ = on_series(volume, volume.array.astype(np.uint8), target, task, labels, through)
    grid = grid_of(target)
    return middle(grid.from_file(stack.transpose(2, 1, 0)), grid) - middle(
        volume.array, volume.grid
    )


@pytest.mark.parametrize(("key", "shift"), [("2", (0, 0, 0)), ("3", SHIFT), ("5", SHIFT)])
def test_labels_move_with_the_head(
    key: str, shift: tuple[float, ...], study: Study, labels: Path, brats: Task
) -> None:
    assert back(study, labels, key, brats) == pytest.approx(shift, abs=2.1 if key == "5" else 1e-3)


def test_what_the_series_is_can_be_said(study: Study, labels: Path, brats: Task) -> None:
    assert back(study, labels, "3", brats, modality="T1") == pytest.approx((0, 0, 0), abs=1e-3)
    with pytest.raises(InputError, match=r"series 5 .t2_tse. is not an input T1 of this prepared"):
        back(study, labels, "5", brats, modality="T1")


def test_scans_of_one_grid_that_lie_differently_are_asked_about(
    study: Study, labels: Path, brats: Task
) -> None:
    volume, target = read_volume(labels), replace(series(study, "3"))  # proposed as nothing
    with pytest.raises(UndecidedError, match="--modality T1") as caught:
        way_back(Prepared(labels.parent), volume.grid, target, study, brats, labels)
    assert caught.value.choices == {"it is T1": "T1", "it is T1ce": "T1ce"}


def test_labels_and_series_of_other_cases_are_refused(
    study: Study, labels: Path, brats: Task, tmp_path_factory: pytest.TempPathFactory
) -> None:
    volume = read_volume(labels)
    other = volume.grid.blocks(np.full(3, 2.0), np.ones(3), volume.grid.shape)
    prepared = Prepared(labels.parent)
    with pytest.raises(InputError, match="another grid than the prepared case"):
        way_back(prepared, other, series(study, "2"), study, brats, labels)
    folder = tmp_path_factory.mktemp("other")
    write_series(folder, 8, "t2", spacing=(1.0, 1.0), **T2)
    with dicom_files(folder) as files:
        foreign = read_studies(files)[0]
    with pytest.raises(InputError, match=r"series 8 .* is not an input of this prepared case"):
        way_back(prepared, volume.grid, foreign.series[0], foreign, brats, labels)
    assert beside(folder / "seg.nii.gz") is None
