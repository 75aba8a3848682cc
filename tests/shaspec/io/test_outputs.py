"""No result replaces a file that was read, nor another one unless that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import write_labels
from shaspec.io.origin import Origin
from shaspec.io.outputs import check_output, refuse_original, refuse_volume, require_no_others
from shaspec.task import load_task


def hard_link(path: Path, file: Path) -> Path:
    os.link(file, path)
    return path


def symbolic_link(path: Path, file: Path) -> Path:
    path.symlink_to(file)
    return path


def linked_folder(path: Path, file: Path) -> Path:
    path.symlink_to(file.parent)
    return path / file.name


@pytest.mark.parametrize(
    "other",
    [
        lambda _, file: file,
        lambda _, file: file.with_name(file.name.upper()),
        lambda _, file: file.parent / ".." / file.parent.name / file.name,
        hard_link,
        symbolic_link,
        linked_folder,
    ],
)
def test_a_file_that_was_read_is_never_replaced(
    other: Callable[[Path, Path], Path], tmp_path: Path
) -> None:
    file = tmp_path / "case" / "t1.nii.gz"
    file.parent.mkdir()
    file.write_bytes(b"scan")
    path = other(tmp_path / "link", file)
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"the input file .*t1\.nii\.gz"):
            check_output(path, [tmp_path / "none.nii", file], overwrite=overwrite)


def test_another_file_needs_overwrite(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(InputError, match=r"a\.csv: exists already.*--overwrite"):
        check_output(tmp_path / "a.csv", [])
    check_output(tmp_path / "a.csv", [], overwrite=True)
    check_output(tmp_path / "b.csv", [tmp_path / "a.csv"])


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "x.seg.nrrd"])
def test_a_result_of_a_model_may_be_replaced_unless_it_is_kept_or_was_edited(
    name: str, tmp_path: Path
) -> None:
    path, grid = tmp_path / name, Grid((2, 3, 4), (1, 1, 1))
    labels = np.ones(grid.shape, np.uint8)
    write_labels(path, labels, grid, origin=Origin.RESULT)
    check_output(path, [])
    with pytest.raises(InputError, match="--overwrite"):
        check_output(path, [], keep_own=True)
    for origin in (Origin.EDITED, Origin.LABELS):
        write_labels(path, labels, grid, origin=origin)
        with pytest.raises(InputError, match="--overwrite"):
            check_output(path, [])


def test_a_case_is_not_written_among_other_volumes(tmp_path: Path) -> None:
    targets = [tmp_path / "p_t1.nii.gz", tmp_path / "p_t2.nii.gz"]
    for path in (*targets, tmp_path / "notes.txt"):
        path.touch()
    require_no_others(tmp_path, targets)
    require_no_others(tmp_path / "new", targets)
    for name in ("q_flair.nii", "p_flair.mha", "x.NRRD"):
        (tmp_path / name).touch()
        with pytest.raises(InputError, match=f"other volumes, e.g. {name}"):
            require_no_others(tmp_path, targets)
        (tmp_path / name).unlink()


@pytest.mark.parametrize(
    "name",
    [
        "p2_seg.nii.gz",
        "p2/T1_post.nii",
        "labelsTr/p2.nii.gz",
        "imagesTr/p2_0001.nii.gz",
        "gt/7.nii",
    ],
)
def test_the_names_of_file_and_folder_tell_that_it_is_the_original_of_some_case(
    name: str, tmp_path: Path
) -> None:
    path, grid = tmp_path / name, Grid((2, 3, 4), (1, 1, 1))
    path.parent.mkdir(exist_ok=True)
    labels, task = np.ones(grid.shape, np.uint8), load_task("brats")
    refuse_original(path, task)  # nothing is there yet
    write_labels(path, labels, grid, origin=Origin.RESULT)
    refuse_original(path, task)
    with pytest.raises(InputError, match="or delete this one first"):
        refuse_original(path, task, keep_own=True)
    for origin in (Origin.EDITED, Origin.LABELS):
        write_labels(path, labels, grid, origin=origin)
        with pytest.raises(InputError, match=f"{path.name}: is a scan or a label file"):
            refuse_original(path, task)
    path.rename(tmp_path / "p2_FLAIR_pred.nii.gz")
    refuse_original(tmp_path / "p2_FLAIR_pred.nii.gz", task)


@pytest.mark.parametrize("name", ["p1_seg.nii.gz", "T1.mha", "x.nrrd"])
def test_a_table_has_no_name_of_a_volume(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"{name}: is the name of a volume"):
        refuse_volume(tmp_path / name)
    refuse_volume(tmp_path / "sizes.csv")
    refuse_volume(None)
