"""What 3D Slicer reads is where the NIfTI file says it is, and called what the task calls it."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import numpy.typing as npt
import pytest

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import write_labels
from shaspec.io.segmentation_nrrd import write_segmentation
from shaspec.io.terminology import UNKNOWN, slicer_entry, term_of
from shaspec.task import Task, bundled_tasks, load_task

SHAPE = (7, 6, 5)  # i, j, k of the file
TURN = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]])


def affine(directions: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """RAS affine of voxels 1 x 1.5 x 3 mm along the ``directions``."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(directions) * [1.0, 1.5, 3.0]
    matrix[:3, 3] = (40.5, -20.25, -11.1)
    return matrix


AFFINES = {
    "axial": affine(np.diag([-1, -1, 1])),
    "left-handed": affine(np.eye(3) * [1, -1, 1]),
    "sagittal": affine([[0, 0, -1], [1, 0, 0], [0, 1, 0]]),
    "oblique": affine(TURN @ np.diag([-1, -1, 1])),
}


@pytest.fixture(params=AFFINES.values(), ids=AFFINES.keys())
def grid(request: pytest.FixtureRequest) -> Grid:
    return Grid.from_affine(request.param, SHAPE)


@pytest.fixture
def labels(grid: Grid) -> npt.NDArray[np.uint8]:
    """NCR and ED, no ET; nothing about them is symmetric."""
    array = np.zeros(SHAPE, np.uint8)
    array[1:4, 2:6, 3] = 2
    array[2, 3, 3:5] = 1
    return grid.from_file(array)


def positions(array: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64]) -> dict[int, object]:
    """World positions of the voxels of each value, sorted."""
    found = {}
    for value in np.unique(array[array > 0]):
        world = np.argwhere(array == value) @ matrix[:3, :3].T + matrix[:3, 3]
        found[int(value)] = np.array(sorted(map(tuple, np.round(world, 6))))
    return found


def test_every_voxel_lies_where_the_nifti_of_the_same_result_has_it(
    grid: Grid, labels: npt.NDArray[np.uint8], brats: Task, tmp_path: Path
) -> None:
    image = nibabel.load(write_labels(tmp_path / "s.nii.gz", labels, grid))
    array, header = nrrd.read(str(write_labels(tmp_path / "s.seg.nrrd", labels, grid)))

    assert header["space"] == "left-posterior-superior"
    lps = np.eye(4)
    lps[:3, :3] = header["space directions"].T
    lps[:3, 3] = header["space origin"]
    np.testing.assert_array_equal(array, np.asarray(image.dataobj))  # the same voxel order too
    theirs = positions(array, np.diag([-1, -1, 1, 1]) @ lps)
    mine = positions(np.asarray(image.dataobj), image.affine)
    assert theirs.keys() == mine.keys() == {1, 2}
    for value, place in mine.items():
        np.testing.assert_allclose(theirs[value], place, atol=1e-4)  # NIfTI keeps float32


def test_segments_have_the_names_colours_and_meanings_of_the_task(
    grid: Grid, labels: npt.NDArray[np.uint8], brats: Task, tmp_path: Path
) -> None:
    path = write_labels(tmp_path / "s.seg.nrrd", labels, grid, brats.labels)
    array, header = nrrd.read(str(path))
    for number, label in enumerate(brats.labels):
        said = {k: header[f"Segment{number}_{k}"] for k in ("Name", "LabelValue", "Layer")}
        assert said == {"Name": label.name, "LabelValue": str(label.value), "Layer": "0"}
        colour = [round(255 * float(c)) for c in header[f"Segment{number}_Color"].split()]
        assert "#" + "".join(f"{c:02x}" for c in colour) == label.colour
    assert "SCT^6574001^Necrosis" in header["Segment0_Tags"]
    assert "SCT^79654002^Edema" in header["Segment1_Tags"]
    assert "SCT^108369006^Neoplasm" in header["Segment2_Tags"]
    assert "Segment3_Name" not in header
    assert header["Segment2_Extent"] == "0 -1 0 -1 0 -1"  # there is no ET
    extent = np.array(header["Segment1_Extent"].split(), int).reshape(3, 2)
    inside = array[tuple(slice(a, b + 1) for a, b in extent)]
    assert (inside == 2).sum() == (array == 2).sum() > 0
    np.testing.assert_array_equal(extent[:, 0], np.argwhere(array == 2).min(axis=0))


def test_a_painted_value_without_a_name_is_saved_under_its_number(
    brats: Task, tmp_path: Path
) -> None:
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1, 1] = 9
    path = write_segmentation(tmp_path / "s.seg.nrrd", labels, Grid((3, 4, 5), (1, 1, 1)), ())
    array, header = nrrd.read(str(path))
    assert (array == 9).sum() == 1
    assert header["Segment0_Name"] == "label 9"


def test_equal_labels_give_equal_bytes(brats: Task, tmp_path: Path) -> None:
    grid, labels = Grid((3, 4, 5), (1, 1, 1)), np.ones((3, 4, 5), np.uint8)
    paths = [
        write_labels(tmp_path / name, labels, grid, brats.labels)
        for name in ("a.seg.nrrd", "b.seg.nrrd")
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_every_label_of_a_volume_task_has_a_meaning_of_seven_parts() -> None:
    for task in (load_task(name) for name in bundled_tasks()):
        for label in task.labels:
            assert (term_of(label) != UNKNOWN) == (task.dims == 3), label
            assert slicer_entry(term_of(label)).count("~") == 6


def test_an_invalid_label_map_or_file_name_is_refused(picture_case: Case, tmp_path: Path) -> None:
    ones = np.ones((3, 4, 5))
    with pytest.raises(InputError, match="must be integers"):
        write_segmentation(tmp_path / "s.seg.nrrd", ones, Grid((3, 4, 5), (1, 1, 1)), ())
    with pytest.raises(InputError, match="change the ending"):
        write_segmentation(tmp_path / "s.nrrd", ones, Grid((3, 4, 5), (1, 1, 1)), ())
    assert picture_case.labels is not None
    with pytest.raises(InputError, match=r"\.png"):
        write_segmentation(tmp_path / "s.seg.nrrd", picture_case.labels, picture_case.grid, ())
