"""A case is known again by its voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shaspec.io import case_from_arrays, read_case
from shaspec.models.fingerprint import fingerprint, volume_fingerprint
from shaspec.task import Task


def test_a_renamed_reoriented_and_converted_case_is_known_again(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.zeros((9, 8, 7), np.int16)
    voxels[2:7, 2:6, 2:5] = np.random.default_rng(0).integers(1, 900, (5, 4, 3))
    write_file(tmp_path / "a" / "a_t1.nii.gz", voxels)
    write_file(tmp_path / "b" / "t1w.nii", voxels[::-1].astype(np.float32), np.diag([1, -1, 1, 1]))
    first, second = (fingerprint(read_case(tmp_path / name, brats)) for name in "ab")
    assert first == second
    assert len(first["T1"]) == 16


def test_another_margin_makes_no_difference_and_another_voxel_does() -> None:
    volume = np.zeros((9, 9, 9), np.uint8)
    volume[3:6, 3:6, 3:6] = np.arange(1, 28).reshape(3, 3, 3)
    original = volume_fingerprint(volume)
    assert volume_fingerprint(np.pad(volume, 2)) == original
    volume[4, 4, 4] += 1
    assert volume_fingerprint(volume) != original


def test_each_modality_has_its_own_fingerprint(brats: Task) -> None:
    rng = np.random.default_rng(0)
    case = case_from_arrays({n: rng.normal(size=(5, 5, 5)) for n in brats.names}, brats)
    found = fingerprint(case)
    assert tuple(found) == brats.names
    assert len(set(found.values())) == 4
