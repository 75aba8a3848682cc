from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.training.prepared import Facts, PreparedCase, write_prepared

SHAPE = (4, 3, 2)
FACTS = Facts(available=(True, False), scales=(0.5, 1.0), fingerprints={"T1": "ab"})


def written(folder: Path) -> PreparedCase:
    images = np.arange(48, dtype=np.int16).reshape(2, *SHAPE)
    labels = np.ones(SHAPE, np.uint8)
    write_prepared(folder, images, labels, {"region000": np.int32([[3, 2, 1]])}, FACTS)
    return PreparedCase("anna", False, folder)


def read(case: PreparedCase) -> None:
    """All that a training asks of a case."""
    _ = (case.images, case.labels, case.centres, case.scales, case.available, case.fingerprints)


def test_a_prepared_case_comes_back_as_it_was_written(tmp_path: Path) -> None:
    case = written(tmp_path)
    assert case.images.tolist() == np.arange(48).reshape(2, *SHAPE).tolist()
    assert case.labels.shape == SHAPE
    assert case.labels.all()
    assert [voxels.tolist() for voxels in case.centres] == [[[3, 2, 1]]]
    assert case.available.tolist() == [True, False]
    assert case.scales.tolist() == [0.5, 1.0]
    assert case.fingerprints == {"T1": "ab"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
@pytest.mark.parametrize("most", [0, 100, 200])
def test_a_full_disk_is_an_error_and_no_file_that_is_cut_off(tmp_path: Path, most: int) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            written(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "centres.npz", "facts.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:4] + b"\xff" * 40 + data[44:],
        lambda data: b"\x80\x04" + data,
    ],
    ids=["empty", "cut", "overwritten", "foreign"],
)
def test_a_damaged_file_is_named_with_the_folder_to_delete(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    case = written(tmp_path)
    path = tmp_path / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=f"{name}.*damaged.*delete the folder"):
        read(case)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("images.npy", np.zeros((2, *SHAPE), np.float32)),
        ("images.npy", np.zeros((3, *SHAPE), np.int16)),
        ("images.npy", np.zeros(5, np.int16)),
        ("labels.npy", np.zeros((4, 3, 3), np.uint8)),
        ("labels.npy", np.zeros(SHAPE, np.int64)),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, name: str, content: np.ndarray
) -> None:
    case = written(tmp_path)
    np.save(tmp_path / name, content)
    with pytest.raises(InputError, match=f"{name}.*damaged"):
        read(case)


@pytest.mark.parametrize(
    "voxels",
    [
        np.int32([[4, 0, 0]]),
        np.int32([[0, -1, 0]]),
        np.int32([[0, 0]]),
        np.zeros((0, 3), np.int32),
        np.int32([1, 2, 3]),
        np.float64([[1, 2, 0]]),
    ],
)
def test_centres_outside_the_case_are_refused(tmp_path: Path, voxels: np.ndarray) -> None:
    case = written(tmp_path)
    np.savez(tmp_path / "centres.npz", region000=voxels)
    with pytest.raises(InputError, match=r"centres\.npz"):
        read(case)
