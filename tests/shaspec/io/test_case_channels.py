"""All modalities of a case as the channels of one 4D file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io import read_case
from shaspec.task import Task


def test_a_channel_of_zeros_in_a_4d_file_counts_as_missing(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    voxels[..., 2] = 0
    path = write_file(tmp_path / "x.nii.gz", voxels)
    assert read_case(path, brats).present == ("FLAIR", "T1", "T2")
    assert read_case(path, brats, present=("FLAIR", "T2")).present == ("FLAIR", "T2")


def test_a_decathlon_case_is_read_in_the_order_of_its_description(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    names = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    path = write_file(tmp_path / "imagesTr" / "BRATS_001.nii.gz", voxels)
    labels = np.zeros(voxels.shape[:3], np.uint8)
    labels.flat[:3] = [1, 2, 3]
    write_file(tmp_path / "labelsTr" / "BRATS_001.nii.gz", labels)
    (tmp_path / "dataset.json").write_text(json.dumps({"modality": names}))

    case = read_case(path, brats)

    assert case.name == "BRATS_001"
    assert case.present == brats.names
    for k, name in enumerate(brats.names):
        np.testing.assert_array_equal(case.grid.to_file(case.volumes[name]), voxels[..., k])
    assert case.labels is not None
    # There 1 is oedema and 2 the core, unlike everywhere else.
    assert case.grid.to_file(case.labels).ravel(order="C")[:3].tolist() == [2, 1, 4]
    assert any("Decathlon" in notice for notice in case.notices)


def test_too_few_channels_are_refused(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(3)], axis=-1)
    with pytest.raises(InputError, match="contains 3 volumes, 4 were expected"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


def test_a_time_series_is_refused_as_a_case(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(6)], axis=-1)
    with pytest.raises(InputError, match=r"contains 6 volumes, but FLAIR.*are 4.*dataset\.json"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)
