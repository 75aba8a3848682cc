"""`transforms.json`: what was written comes back, anything else is refused before it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.preparation.transforms import NAME, Transforms, read_transforms, write_transforms
from shaspec.registration import Registration, Rigid

GRID = Grid.from_affine(np.diag([-1.5, -1.0, 2.0, 1.0]), (7, 6, 5))
TURNED = Rigid.about((3, 2, 1), (0.1, 0.2, 0.0), (1, 2, 3))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    found = {
        name: Registration(turn, 0.1, 0.5, distance=1.0, spread=0.2, by_hand=name == "T1")
        for name, turn in (("FLAIR", Rigid()), ("T1", TURNED))
    }
    write_transforms(tmp_path, Transforms("FLAIR", dict.fromkeys(found, GRID), found))
    return tmp_path


def test_what_was_written_comes_back(written: Path) -> None:
    found = read_transforms(written)
    assert found.reference == "FLAIR"
    assert found.unmoved("FLAIR")
    assert not found.unmoved("T1")
    assert all(grid.matches(GRID) for grid in found.grids.values())
    np.testing.assert_array_equal(found.found["T1"].transform.matrix, TURNED.matrix)
    assert (found.found["T1"].spread, found.found["T1"].by_hand) == (0.2, True)
    assert found.found["T1"].distance == 1.0
    assert found.found["FLAIR"].already
    write_transforms(written, found)
    assert read_transforms(written).found["T1"].distance == 1.0


def test_a_file_without_distances_says_what_was_moved(written: Path) -> None:
    content = json.loads((written / NAME).read_text())
    for entry in content["inputs"].values():
        del entry["distance_mm"]
    (written / NAME).write_text(json.dumps(content))
    found = read_transforms(written)
    assert [found.found[name].already for name in ("FLAIR", "T1")] == [True, False]
    assert "nan" not in str(found.found["T1"])
    write_transforms(written, found)
    assert not read_transforms(written).found["T1"].already


def put(content: Any, path: tuple[Any, ...], value: Any) -> None:
    *above, last = path
    for key in above:
        content = content[key]
    content[last] = value


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("reference",), "T2", "not one of its inputs"),
        (("inputs", "T1", "shape"), [7, 6, 10**9], "shape"),
        (("inputs", "T1", "shape"), [7, 0, 5], "shape"),
        (("inputs", "T1", "shape"), [30000, 30000, 30000], "voxels"),
        (("inputs", "T1", "affine", 0), [0, 0, 0, 0], "affine"),
        (("inputs", "T1", "affine", 0, 0), 1e300, "affine"),
        (("inputs", "T1", "affine", 2, 3), 1e9, "kilometres"),
        (("inputs", "T1", "matrix", 0, 0), 2.0, "not rigid"),
        (("inputs", "T1", "matrix", 2, 3), 2.0**70, "kilometres"),
        (("inputs", "T1", "matrix", 0, 3), -1e7, "kilometres"),
        (("inputs", "T1", "spread_mm"), "wide", "spread_mm"),
        (("version",), 2, "version"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_an_impossible_value_is_named(
    written: Path, path: tuple[Any, ...], value: Any, said: str
) -> None:
    content = json.loads((written / NAME).read_text())
    put(content, path, value)
    (written / NAME).write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"transforms\.json: .*{said}.*; prepare the case again"):
        read_transforms(written)
