"""What 3D Slicer saves comes back: where it lies, what it is called, and not more than it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import write_labels
from shaspec.io.segmentation_reader import read_segmentation
from shaspec.task import Task

SHAPE = (7, 6, 5)  # i, j, k
SAGITTAL = np.array([[0.0, 0, -3, 40], [1.5, 0, 0, -20], [0, 1, 0, -10], [0, 0, 0, 1]])
OBLIQUE = np.array([[-0.96, 0.42, 0, 4], [-0.28, -1.44, 0, 5], [0, 0, 3, 6], [0, 0, 0, 1]])


def labels() -> np.ndarray:
    """NCR and ED, no ET, as (i, j, k); nothing about them is symmetric."""
    array = np.zeros(SHAPE, np.uint8)
    array[1:4, 2:6, 3] = 2
    array[2, 3, 3:5] = 1
    return array


@pytest.mark.parametrize("affine", [SAGITTAL, OBLIQUE], ids=["sagittal", "oblique"])
def test_written_files_can_be_read_back(affine: np.ndarray, brats: Task, tmp_path: Path) -> None:
    grid = Grid.from_affine(affine, SHAPE)
    written = grid.from_file(labels())
    path = write_labels(tmp_path / "s.seg.nrrd", written, grid, brats.labels)
    found = read_segmentation(path)
    assert found.names == ("NCR", "ED", "ET")
    assert found.grid.matches(grid)
    np.testing.assert_array_equal(found.in_codes(brats), written)


def slicer_file(path: Path, layers: np.ndarray, **changes: Any) -> Path:
    """Two segments that overlap, on two layers, cropped: as Slicer saves them."""
    header = {
        "space": "left-posterior-superior",
        "space directions": np.array([[np.nan] * 3, [1, 0, 0], [0, 2, 0], [0, 0, 3]]),
        "space origin": np.array([10.0, 20, 30]),
        "kinds": ["list", "domain", "domain", "domain"],
        "encoding": "gzip",
        "Segment0_ID": "Segment_1", "Segment0_Name": "necrotic and non-enhancing core",
        "Segment0_LabelValue": "1", "Segment0_Layer": "0",
        "Segment1_ID": "Segment_2", "Segment1_Name": "cyst",
        "Segment1_LabelValue": "1", "Segment1_Layer": "1",
    }  # fmt: skip
    nrrd.write(str(path), layers, header | changes)
    return path


def test_layers_of_slicer_are_laid_over_each_other(brats: Task, tmp_path: Path) -> None:
    layers = np.zeros((2, 3, 4, 5), np.uint8)
    layers[0, 0:2], layers[1, 1:3] = 1, 1
    found = read_segmentation(slicer_file(tmp_path / "s.seg.nrrd", layers))
    assert found.names == ("necrotic and non-enhancing core", "cyst")
    assert found.grid.shape == (5, 4, 3)
    assert (found.grid.spacing, found.grid.origin) == ((3, 2, 1), (30, 20, 10))
    assert found.array[0, 0].tolist() == [1, 2, 2]
    assert found.notices == ("segments overlap; the last one is shown",)
    assert found.in_codes(brats) is None  # it has no cyst
    path = slicer_file(tmp_path / "t.seg.nrrd", layers, Segment1_Name="oedema")
    codes = read_segmentation(path).in_codes(brats)
    assert codes is not None
    assert codes[0, 0].tolist() == [1, 2, 2]


def test_a_file_that_is_not_a_segmentation_is_named(tmp_path: Path) -> None:
    layers = np.ones((2, 3, 4, 5), np.uint8)
    good = slicer_file(tmp_path / "good.seg.nrrd", layers).read_bytes()
    header, _, voxels = good.partition(b"\n\n")
    wrong = {
        "truncated": header.replace(b"sizes: 2 3 4 5", b"sizes: 2 3 4 900") + b"\n\n" + voxels,
        "damaged": header + b"\n\n" + bytes(len(voxels)),
        "outside its folder": header + b"\ndata file: /etc/hostname\n\n",
        "more than 2 GiB": header.replace(b"3 4 5", b"30000 4000 5000") + b"\n\n",
        "not whole numbers": header.replace(b"type: uint8", b"endian: big\ntype: float") + b"\n\n",
        "has no position": header.replace(b"space: left-posterior-superior\n", b"") + b"\n\n",
        "has 0 segments": b"\n".join(
            line for line in header.splitlines() if not line.startswith(b"Segment")
        ) + b"\n\n" + voxels,
        "not a readable NRRD file": b"NRRD0004\nnonsense\n\n",
    }  # fmt: skip
    for message, content in wrong.items():
        path = tmp_path / "s.seg.nrrd"
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"s\.seg\.nrrd.*{message}"):
            read_segmentation(path)
    with pytest.raises(InputError, match="no such file"):
        read_segmentation(tmp_path / "none.seg.nrrd")
    with pytest.raises(InputError, match="change the ending"):
        read_segmentation(tmp_path / "s.nrrd")
