"""All modalities of a case as the channels of one 4D file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io import find_cases, read_case
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
    with pytest.raises(InputError, match=r"contains 3 volumes, but FLAIR.*are 4"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


def test_a_time_series_is_refused_as_a_case(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(6)], axis=-1)
    with pytest.raises(InputError, match=r"contains 6 volumes, but FLAIR.*are 4.*dataset\.json"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


@pytest.mark.parametrize(
    ("name", "listed", "said"),
    [
        ("perfusion_T1.nii.gz", None, r"contains 4 volumes, but its name says 'perfusion t1'"),
        ("x_T1.nii.gz", None, r"contains 4 volumes, but its name says 'T1'"),
        ("dwi.nii.gz", None, "save the right volume as a separate file"),
        ("x.nii.gz", ["T1", "T1ce"], r"dataset\.json lists 2 channels \(T1, T1ce\)"),
        ("x.nii.gz", ["T1", "T1ce", "T2", "FLAIR", "ADC"], "contains 4 volumes.*lists 5 channels"),
    ],
)
def test_a_4d_file_that_is_not_these_modalities_is_refused(
    name: str, listed: Any, said: str, brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / name, np.stack([head(seed=k) for k in range(4)], axis=-1))
    if listed:
        (tmp_path / "dataset.json").write_text(json.dumps({"channel_names": listed}))
    for source in (tmp_path / "p", tmp_path / "p" / name):
        with pytest.raises(InputError, match=said):
            read_case(source, brats)


@pytest.mark.parametrize("axes", ["ijkc", "ijk1c", "ijkc1"])
def test_the_name_of_a_file_may_give_the_order_of_its_channels(
    axes: str, brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    stored = {"ijkc": voxels, "ijk1c": voxels[..., None, :], "ijkc1": voxels[..., None]}[axes]
    path = write_file(tmp_path / "anna_T1_T1ce_T2_FLAIR.nii.gz", stored)
    case = read_case(path.parent, brats)
    for k, name in enumerate(("T1", "T1ce", "T2", "FLAIR")):
        np.testing.assert_array_equal(case.grid.to_file(case.volumes[name]), voxels[..., k])
    assert any("the order in its name" in notice for notice in case.notices)


@pytest.mark.parametrize(
    "truth", ["{}/{}_seg.nii.gz", "{}/{}-tumor-mask.nii.gz", "labels/{1}.nii.gz"]
)
@pytest.mark.parametrize("names", [["anna"], ["anna", "ben", "ben2"]])
def test_4d_files_in_one_folder_are_cases_with_their_labels(
    names: list[str], truth: str, brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    for name in names:
        write_file(tmp_path / "images" / f"{name}.nii.gz", voxels)
        write_file(tmp_path / truth.format("images", name), (voxels[..., 0] > 500).astype("u1"))
    cases = find_cases(tmp_path, brats)
    assert [case.name for case in cases] == names
    assert [case.present for case in (read_case(c, brats, scheme="2021") for c in cases)] == [
        brats.names
    ] * len(names)
    for case in cases:
        assert case.labels is not None
        assert case.name in case.labels.name
