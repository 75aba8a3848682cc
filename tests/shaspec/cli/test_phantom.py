"""`shaspec phantom` writes cases that can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import pytest
from typer.testing import Result

from shaspec.errors import ShaspecError

Run = Callable[..., Result]


def test_a_phantom_is_read_back_as_a_case(run: Run, shaspec_folder: Path, tmp_path: Path) -> None:
    run("phantom", tmp_path / "p", "--seed", 9_000_002, "--size", "32,40,36")
    assert len(list((tmp_path / "p").glob("*.nii.gz"))) == 5
    run("predict", tmp_path / "p", "--model", shaspec_folder, "--out", tmp_path / "s.nii.gz")


def test_a_phantom_of_another_task_and_voxel_size_is_written(run: Run, tmp_path: Path) -> None:
    run("phantom", tmp_path / "p", "--task", "liver-ct", "--size", "20,24,32",
        "--spacing", "12,12,12.5")  # fmt: skip
    names = {path.name for path in (tmp_path / "p").iterdir()}
    assert names == {f"phantom-9000000_{n}.nii.gz" for n in ("arterial", "venous", "seg")}
    image = nibabel.load(tmp_path / "p" / "phantom-9000000_venous.nii.gz")
    assert image.header.get_zooms() == (12.5, 12, 12)


def test_an_invalid_voxel_size_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ShaspecError, match="not a list of lengths"):
        run("phantom", tmp_path / "p", "--spacing", "thin")


def test_a_phantom_replaces_files_only_when_asked(run: Run, tmp_path: Path) -> None:
    arguments = ("phantom", tmp_path, "--task", "liver-ct", "--size", "20,24,32",
                 "--spacing", "12,12,12.5")  # fmt: skip
    run(*arguments)
    corrected = tmp_path / "phantom-9000000_seg.nii.gz"
    corrected.write_bytes(b"corrected by hand")
    with pytest.raises(ShaspecError, match=r"exists already.*--overwrite"):
        run(*arguments)
    assert corrected.read_bytes() == b"corrected by hand"
    run(*arguments, "--overwrite")
    assert corrected.read_bytes() != b"corrected by hand"
