"""Labels of a prepared case on the grids of its inputs, by their probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import write_labels
from shaspec.io.nifti import write_map
from shaspec.preparation import Transforms, probabilities_to_inputs, to_inputs
from shaspec.preparation.restore_file import restore_file
from shaspec.registration import Registration, Rigid
from shaspec.task import Task

GRID = Grid((12, 14, 13), (4.0, 4.0, 4.0))
FINE = Grid((36, 42, 39), (4 / 3,) * 3, (-4 / 3,) * 3)
STILL = Registration(Rigid(), 1.0, 1.0, 0.0, 0.0)
SHIFT = (4.0, -8.0, 4.0)


def transforms(shift: tuple[float, ...] = (0, 0, 0), grid: Grid = FINE) -> Transforms:
    moved = Registration(Rigid.about((0, 0, 0), (0, 0, 0), shift), 0.1, 0.2, 9.0, 0.1)
    return Transforms("T1", {"T1": GRID, "T2": grid}, {"T1": STILL, "T2": moved})


def ball(radius: float, grid: Grid = GRID) -> np.ndarray[Any, Any]:
    """Probability that falls from 1 to 0 at a distance from the middle of `GRID`."""
    centre = GRID.world(np.array([[6.0], [7.0], [6.0]]))
    places = grid.world(np.indices(grid.shape).reshape(3, -1).astype(float))
    away = np.linalg.norm(places - centre, axis=0).reshape(grid.shape)
    return np.asarray(1 / (1 + np.exp((away - radius) / 3)), np.float32)


@pytest.fixture
def maps() -> dict[str, Any]:
    return {"ET": ball(8), "TC": ball(12), "WT": ball(19)}


def labelled(maps: dict[str, Any], brats: Task) -> Any:
    return brats.paint(np.stack([maps[name] > 0.5 for name in brats.region_names]))


def test_on_a_finer_grid_surfaces_are_those_of_the_probabilities(
    maps: dict[str, Any], brats: Task
) -> None:
    labels = labelled(maps, brats)
    truth = ball(19, FINE) > 0.5
    smooth = probabilities_to_inputs(labels, maps, GRID, transforms(), brats)["T2"] > 0
    blocks = to_inputs(labels, GRID, transforms())["T2"] > 0
    wrong = [np.count_nonzero(found != truth) for found in (smooth, blocks)]
    assert wrong[0] < 0.6 * wrong[1]


@given(st.tuples(*(st.integers(-2, 2) for _ in range(3))))
def test_shifts_by_whole_voxels_give_what_nearest_neighbour_does(
    brats: Task, steps: tuple[int, ...]
) -> None:
    maps = {"ET": ball(8), "TC": ball(12), "WT": ball(19)}
    labels = labelled(maps, brats)
    moved = transforms(tuple(4.0 * step for step in steps), GRID)
    found = probabilities_to_inputs(labels, maps, GRID, moved, brats)
    for name, array in to_inputs(labels, GRID, moved).items():
        assert np.array_equal(found[name], array)


def test_networks_with_exclusive_labels_choose_the_most_probable_one(brats: Task) -> None:
    inner, outer = ball(8), ball(19)
    maps = {"label background": 1 - outer, "label ED": outer - inner, "label ET": inner}
    maps["label NCR"] = np.zeros_like(inner)
    names = ["background", *(label.name for label in brats.labels)]
    values = np.array([0, *(label.value for label in brats.labels)], np.uint8)
    labels = values[np.stack([maps[f"label {name}"] for name in names]).argmax(axis=0)]
    found = probabilities_to_inputs(labels, maps, GRID, transforms(SHIFT, GRID), brats)
    assert np.array_equal(found["T1"], labels)
    assert found["T2"][0].max() == 0, "outside of the reference is background"
    assert set(np.unique(found["T2"])) == set(np.unique(labels))


def test_edited_labels_are_not_restored_by_probabilities(maps: dict[str, Any], brats: Task) -> None:
    labels = labelled(maps, brats)
    labels[0, 0, 0] = 2
    with pytest.raises(InputError, match="edited or made with other thresholds"):
        probabilities_to_inputs(labels, maps, GRID, transforms(), brats)


def test_the_files_beside_the_labels_are_read(
    maps: dict[str, Any], brats: Task, tmp_path: Path
) -> None:
    path = write_labels(tmp_path / "seg.nii.gz", labelled(maps, brats), GRID)
    with pytest.raises(InputError, match=r"seg_prob_ET.nii.gz: is missing; write it with"):
        restore_file(path, transforms(), brats)
    for name, values in maps.items():
        write_map(tmp_path / f"seg_prob_{name}.nii.gz", values, GRID, "probability")
    found = restore_file(path, transforms(), brats)
    expected = probabilities_to_inputs(labelled(maps, brats), maps, GRID, transforms(), brats)
    assert np.array_equal(found["T2"], expected["T2"])
    write_map(tmp_path / "seg_prob_ET.nii.gz", ball(8, FINE), FINE, "probability")
    with pytest.raises(InputError, match=r"seg_prob_ET.nii.gz: lies on another grid"):
        restore_file(path, transforms(), brats)
