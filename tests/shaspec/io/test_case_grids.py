"""A case whose volumes and labels lie on different grids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError, UndecidedError
from shaspec.io import read_case
from shaspec.task import Task


def test_another_orientation_of_the_same_voxels_needs_no_resampling(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    volume = head()
    write_file(tmp_path / "p" / "t1.nii", volume)
    mirrored = np.diag([1.0, -1.0, 1.0, 1.0])
    mirrored[0, 3] = -(volume.shape[0] - 1)
    write_file(tmp_path / "p" / "t2.nii", volume[::-1], mirrored)
    case = read_case(tmp_path / "p", brats)
    assert not any("grid" in notice for notice in case.notices)
    np.testing.assert_array_equal(case.volumes["T1"], case.volumes["T2"])


def test_a_volume_on_another_grid_is_resampled_to_the_first_with_a_notice(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    smooth = np.add.outer(np.arange(12.0), np.add.outer(np.arange(10.0), np.arange(8.0)))
    smooth = (smooth + 100).astype(np.float32)
    write_file(tmp_path / "p" / "t1.nii", smooth)
    fine = np.repeat(np.repeat(np.repeat(smooth, 2, 0), 2, 1), 2, 2)
    affine = np.diag([-0.5, -0.5, 0.5, 1.0])
    affine[:3, 3] = (0.25, 0.25, -0.25)
    write_file(tmp_path / "p" / "t2.nii", fine, affine)
    write_file(tmp_path / "p" / "seg.nii", 4 * (fine > 110).astype(np.uint8), affine)

    case = read_case(tmp_path / "p", brats)

    assert case.grid.spacing == (1, 1, 1)
    assert "T2 (t2.nii) has another grid: resampled to the grid of t1.nii" in case.notices
    assert any("labels (seg.nii)" in notice for notice in case.notices)
    np.testing.assert_allclose(case.volumes["T2"], case.volumes["T1"], atol=0.76)
    assert case.labels is not None
    assert set(np.unique(case.labels)) <= {0, 4}


def test_outside_of_a_resampled_volume_is_its_background(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "t1.nii", head())
    ct = head() - 1000
    shifted = np.diag([-1.0, -1.0, 1.0, 1.0])
    shifted[2, 3] = 4
    write_file(tmp_path / "p" / "t2.nii", ct, shifted)
    case = read_case(tmp_path / "p", brats)
    assert any("covers 50%" in notice for notice in case.notices)
    assert (case.volumes["T2"][:3] == -1000).all()


def test_volumes_that_do_not_overlap_are_refused(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "t1.nii", head())
    far = np.diag([-1.0, -1.0, 1.0, 1.0])
    far[0, 3] = 900
    write_file(tmp_path / "p" / "t2.nii", head(), far)
    with pytest.raises(InputError, match=r"t2\.nii: T2 and t1\.nii hardly overlap"):
        read_case(tmp_path / "p", brats)


def test_a_volume_without_a_position_is_taken_voxel_by_voxel(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "flair.nii", head(), np.eye(4), codes=(0, 0))
    write_file(tmp_path / "p" / "t1.nii", head(), np.eye(4))
    case = read_case(tmp_path / "p", brats)
    np.testing.assert_array_equal(case.volumes["FLAIR"], case.volumes["T1"])
    assert any("FLAIR (flair.nii) has no position" in notice for notice in case.notices)

    write_file(tmp_path / "p" / "flair.nii", head((9, 9, 9)), np.eye(4), codes=(0, 0))
    with pytest.raises(InputError, match=r"flair\.nii.*its shape \(9, 9, 9\)"):
        read_case(tmp_path / "p", brats)


def test_an_oblique_case_says_so(brats: Task, head: Any, write_file: Any, tmp_path: Path) -> None:
    angle = np.deg2rad(10)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    write_file(tmp_path / "t1.nii", head(), affine)
    assert "obliquely" in read_case(tmp_path / "t1.nii", brats).notices[0]


def shift(mm: float) -> Any:
    """The affine of the test files, moved along the third axis."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[2, 3] = mm
    return affine


@pytest.fixture
def labelled(head: Any, write_file: Any, tmp_path: Path) -> Callable[..., Path]:
    """``labelled(affine, shape)``: a case with a FLAIR, and labels on the grid of ``affine``."""

    def write(affine: Any, shape: Any = (12, 10, 8)) -> Path:
        labels = np.zeros(shape, np.uint8)
        labels[4:8, 4:6, 2:5] = 4
        write_file(tmp_path / "p" / "flair.nii", head())
        return write_file(tmp_path / "p" / "seg.nii", labels, affine).parent

    return write


@pytest.mark.parametrize("mm", [1, -3, 6, 900])
def test_labels_with_a_shifted_header_are_refused_with_the_options(
    mm: float, brats: Task, labelled: Callable[..., Path]
) -> None:
    folder = labelled(shift(mm))
    with pytest.raises(InputError, match=r"seg\.nii: the labels have the shape.*--labels-by-voxel"):
        read_case(folder, brats)
    by_voxel = read_case(folder, brats, labels_by_voxel=True)
    assert np.argwhere(by_voxel.grid.to_file(by_voxel.labels))[0].tolist() == [4, 4, 2]
    assert any("taken voxel by voxel" in notice for notice in by_voxel.notices)


@pytest.mark.parametrize("mm", [1, -2])
def test_labels_are_taken_by_their_header_where_that_is_asked_for(
    mm: float, brats: Task, labelled: Callable[..., Path]
) -> None:
    folder = labelled(shift(mm))
    case = read_case(folder, brats, labels_by_voxel=False)
    assert np.argwhere(case.grid.to_file(case.labels))[0].tolist() == [4, 4, 2 + mm]


@pytest.mark.parametrize("shape", [(9, 10, 8), (12, 8, 7), (14, 12, 10)])
def test_labels_cropped_or_padded_under_the_header_of_the_scan_are_refused(
    shape: tuple[int, ...], brats: Task, labelled: Callable[..., Path]
) -> None:
    folder = labelled(shift(0), shape)
    with pytest.raises(UndecidedError, match=r"seg\.nii: .*same origin.*--labels-by-header"):
        read_case(folder, brats)
    case = read_case(folder, brats, labels_by_voxel=False)
    assert np.argwhere(case.grid.to_file(case.labels))[0].tolist() == [4, 4, 2]
    moved = read_case(labelled(shift(1), shape), brats)  # its own origin: believed
    assert np.argwhere(moved.grid.to_file(moved.labels))[0].tolist() == [4, 4, 3]


@pytest.mark.parametrize("mm", [4, -3, 900])
def test_labels_that_would_lose_voxels_are_refused(
    mm: float, brats: Task, labelled: Callable[..., Path]
) -> None:
    folder = labelled(shift(mm), (12, 10, 9))
    with pytest.raises(
        InputError, match=r"seg\.nii: --labels-by-voxel requires labels with the shape"
    ):
        read_case(folder, brats, labels_by_voxel=True)


def test_a_label_that_vanishes_on_a_coarse_grid_is_refused(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "flair.nii", head(), np.diag([-4.0, -4.0, 4.0, 1.0]))
    labels = np.zeros((44, 36, 28), np.uint8)
    labels[6, 6, 6] = 4
    write_file(tmp_path / "p" / "seg.nii", labels)
    with pytest.raises(InputError, match=r"seg\.nii: no voxel of the labels 4 remains.*--grid"):
        read_case(tmp_path / "p", brats)


def test_labels_on_the_grid_of_another_volume_lie_where_that_lies(
    brats: Task, head: Any, write_file: Any, labelled: Callable[..., Path]
) -> None:
    folder = labelled(shift(2))
    write_file(folder / "t2.nii", head(seed=1), shift(2))
    case = read_case(folder, brats)
    assert np.argwhere(case.grid.to_file(case.labels))[0].tolist() == [4, 4, 4]


@pytest.fixture
def on_grids(head: Any, write_file: Any, tmp_path: Path) -> Path:
    """A case of four modalities on three grids."""
    folder = tmp_path / "p"
    write_file(folder / "flair.nii", head(), np.diag([-2.0, -2.0, 2.0, 1.0]))
    write_file(folder / "t1.nii", head((20, 18, 14), 1))
    write_file(folder / "t1ce.nii", head((20, 18, 14), 2))
    write_file(folder / "t2.nii", head((14, 18, 8), 3), np.diag([-1.0, -1.0, 2.0, 1.0]))
    return folder


SUBSETS = [("FLAIR", "T2"), ("T1", "T1ce"), ("T1", "T2"), ("T1ce",), ("T2",)]


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("grid", ["", "finest"])
def test_leaving_modalities_out_and_deleting_their_files_give_the_same_case(
    subset: Any, grid: str, brats: Task, on_grids: Path
) -> None:
    left_out = read_case(on_grids, brats, present=subset, grid=grid)
    reduced = read_case(on_grids, brats, grid=grid).only(subset)
    for name in set(brats.names) - set(subset):
        (on_grids / f"{name.lower()}.nii").unlink()
    deleted = read_case(on_grids, brats, grid=grid)
    for case in (left_out, reduced):
        assert case.grid.matches(deleted.grid)
        assert case.present == deleted.present
        for name in subset:
            np.testing.assert_array_equal(case.volumes[name], deleted.volumes[name])
    assert left_out.notices == deleted.notices


@pytest.mark.parametrize(
    ("grid", "spacing"),
    [("", (2, 2, 2)), ("t1", (1, 1, 1)), ("T2", (2, 1, 1)), ("finest", (1,) * 3)],
)
def test_the_grid_can_be_chosen(grid: str, spacing: Any, brats: Task, on_grids: Path) -> None:
    assert read_case(on_grids, brats, grid=grid).grid.spacing == spacing
    with pytest.raises(InputError, match="--grid T1: this modality is missing"):
        read_case(on_grids, brats, grid="T1", present=("T2",))


@pytest.mark.parametrize(("spacing", "shift"), [(0.1, 0.0), (1.0, 5.5)])
def test_scans_that_hardly_overlap_are_refused(
    spacing: float, shift: float, brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    array = head()
    write_file(tmp_path / "p" / "t1.nii", array, affine)
    affine[:3, :3] *= spacing
    affine[2, 3] = shift * array.shape[2] / 6
    write_file(tmp_path / "p" / "t2.nii", head(seed=1), affine)
    with pytest.raises(InputError, match=r"t2\.nii: T2 and t1\.nii hardly overlap"):
        read_case(tmp_path / "p", brats)
    assert read_case(tmp_path / "p", brats, present=("T1",)).present == ("T1",)
