"""A segmentation of 3D Slicer in the folder of a case is its truth, by its segments' names."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from shaspec.errors import InputError, UndecidedError
from shaspec.io.cases import read_case
from shaspec.io.naming import is_result
from shaspec.io.segmentation_nrrd import write_segmentation
from shaspec.io.segmentation_reader import read_segmentation
from shaspec.io.volumes import read_volume
from shaspec.task import Label, Task

AFFINE = np.diag([-1.0, 1.5, 2.0, 1.0])
SHAPE = (7, 6, 5)


def truth() -> np.ndarray:
    """NCR, ED and ET in the codes of the task, (i, j, k)."""
    array = np.zeros(SHAPE, np.uint8)
    array[1:4, 2:6, 3], array[2, 3, 3:5], array[3, 4, 3] = 2, 1, 4
    return array


def case_with(folder: Path, name: str, names: dict[int, str], values: np.ndarray) -> Path:
    """A case with one scan and a segmentation, whose values are called ``names``."""
    folder.mkdir()
    scan = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    nib.save(nib.Nifti1Image(scan, AFFINE), folder / "p_FLAIR.nii.gz")
    grid = read_volume(folder / "p_FLAIR.nii.gz").grid
    segments = [Label(value=v, name=n, title=n, colour="#ff0000") for v, n in names.items()]
    voxels = np.ascontiguousarray(grid.from_file(values))
    write_segmentation(folder / name, voxels, grid, segments)
    return folder


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ({1: "NCR", 2: "ED", 4: "ET"}, [0, 1, 2, 0, 4]),
        ({3: "necrosis", 1: "Ödem", 2: "enhancing tumour"}, [0, 3, 1, 0, 2]),
        ({1: "Segment_1", 2: "Segment_2", 4: "Segment_4"}, [0, 1, 2, 0, 4]),
    ],
)
def test_segments_are_read_by_their_names_else_by_their_values(
    names: dict[int, str], codes: list[int], brats: Task, tmp_path: Path
) -> None:
    stored = np.array(codes, np.uint8)[truth()]
    case = read_case(case_with(tmp_path / "p", "p.seg.nrrd", names, stored), brats)
    expected = case.grid.from_file(truth())
    assert case.labels is not None
    np.testing.assert_array_equal(case.labels, expected)


def test_segments_that_the_task_does_not_know_are_refused(brats: Task, tmp_path: Path) -> None:
    names = {1: "WT", 2: "ED", 4: "ET"}
    with pytest.raises(UndecidedError, match=r"p\.seg\.nrrd.*--scheme"):
        read_case(case_with(tmp_path / "p", "p.seg.nrrd", names, truth()), brats)


@pytest.mark.parametrize("name", ["brain.seg.nrrd", "p_FLAIR_pred.seg.nrrd"])
def test_a_brain_and_the_result_of_a_model_are_no_truth(
    name: str, brats: Task, tmp_path: Path
) -> None:
    names = {1: "NCR", 2: "ED", 4: "ET"}
    assert read_case(case_with(tmp_path / "p", name, names, truth()), brats).labels is None
    assert is_result(name, brats) == name.startswith("p_")


def test_a_file_that_is_no_segmentation_is_named(brats: Task, tmp_path: Path) -> None:
    folder = case_with(tmp_path / "p", "p.seg.nrrd", {1: "NCR"}, truth())
    (folder / "p.seg.nrrd").write_bytes(b"NRRD0004\n")
    with pytest.raises(InputError, match=r"p\.seg\.nrrd"):
        read_case(folder, brats)
    assert read_case(folder, brats, with_labels=False).present == ("FLAIR",)


def test_names_beyond_ascii_are_written_and_come_back(brats: Task, tmp_path: Path) -> None:
    label = Label(value=1, name="Ödem", title="Ödem (中)", colour="#ff0000")
    folder = case_with(tmp_path / "p", "p.seg.nrrd", {}, truth())
    grid = read_volume(folder / "p_FLAIR.nii.gz").grid
    voxels = np.ones(grid.shape, np.uint8)
    path = write_segmentation(tmp_path / "s.seg.nrrd", voxels, grid, [label])
    task = brats.model_copy(update={"labels": (label,)})
    np.testing.assert_array_equal(read_segmentation(path).in_codes(task), voxels)


def test_one_hot_labels_are_refused_as_what_they_are(tmp_path: Path, brats: Task) -> None:
    scan = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    nib.save(nib.Nifti1Image(scan, AFFINE), tmp_path / "p_FLAIR.nii.gz")
    channels = np.stack([truth() == value for value in (1, 2, 4)], -1).astype(np.uint8)
    nib.save(nib.Nifti1Image(channels, AFFINE), tmp_path / "p_seg.nii.gz")
    with pytest.raises(InputError, match="combine its masks into one label map"):
        read_case(tmp_path, brats)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("p_automated_approx_segm", True),
        ("p_seg_nnunet", True),
        ("p_segm", False),
        ("p_GlistrBoost_ManuallyCorrected", False),
    ],
)
def test_labels_that_a_program_made_by_their_name_say_so(
    tmp_path: Path, brats: Task, name: str, told: bool
) -> None:
    scan = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    nib.save(nib.Nifti1Image(scan, AFFINE), tmp_path / "p_FLAIR.nii.gz")
    nib.save(nib.Nifti1Image(truth(), AFFINE), tmp_path / f"{name}.nii.gz")
    notices = read_case(tmp_path, brats).notices
    assert any("a program may have made them" in text for text in notices) == told
