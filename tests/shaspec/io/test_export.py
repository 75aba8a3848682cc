"""A case written as files is the same case when read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import case_from_arrays, label_ending, read_case, write_labels
from shaspec.io.export import write_case
from shaspec.task import Task


def test_an_exported_case_is_read_again_as_it_was(brats: Task, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    volumes = {name: rng.normal(size=(6, 7, 8)).astype(np.float32) for name in brats.names[:3]}
    labels = rng.choice([0, 1, 2, 4], (6, 7, 8))
    case = case_from_arrays(volumes, brats, spacing=(3, 1, 1), labels=labels, name="doll-1")

    paths = write_case(tmp_path / "doll-1", case)
    again = read_case(tmp_path / "doll-1", brats)

    assert [path.name for path in paths][-1] == "doll-1_seg.nii.gz"
    assert (again.name, again.present, again.missing) == ("doll-1", brats.names[:3], ("T2",))
    assert again.grid.matches(case.grid)
    for name, volume in volumes.items():
        np.testing.assert_array_equal(again.volumes[name], volume)
    np.testing.assert_array_equal(again.labels, labels)


def test_the_ending_follows_from_the_grid(picture_case: Case, tmp_path: Path) -> None:
    assert label_ending(picture_case.grid) == ".png"
    assert label_ending(Grid((2, 2, 2), (1.0, 1.0, 1.0))) == ".nii.gz"
    assert picture_case.labels is not None
    path = write_labels(tmp_path / "s.png", picture_case.labels, picture_case.grid)
    np.testing.assert_array_equal(Image.open(path), picture_case.labels)
    with pytest.raises(InputError, match="cannot be written as NIfTI"):
        write_case(tmp_path, picture_case)
