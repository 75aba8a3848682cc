"""A case written as files is the same case when read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shaspec.io import case_from_arrays, read_case
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
