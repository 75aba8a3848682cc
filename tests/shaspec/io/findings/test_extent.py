"""Scans of noise, scans that show a part of the head, and heads of another size or direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io.findings import case_findings
from shaspec.phantom import make_case
from shaspec.task import load_task

pytestmark = pytest.mark.slow  # simulates scans

BRATS = load_task("brats")


@pytest.fixture(scope="module")
def head() -> Case:
    return make_case(9_000_001, shape=(72, 84, 72), spacing=(2.5, 2.5, 2.5))


def sentences(volumes: dict[str, Any], grid: Grid) -> str:
    return " ".join(found.sentence for found in case_findings(volumes, grid, BRATS))


@pytest.mark.parametrize("kind", ["normal", "uniform"])
@pytest.mark.parametrize("name", BRATS.names)
def test_noise_in_place_of_a_scan_is_called_noise(head: Case, name: str, kind: str) -> None:
    rng = np.random.default_rng(0)
    shape = head.grid.shape
    noise = rng.normal(0, 1, shape) if kind == "normal" else rng.integers(0, 999, shape)
    found = case_findings(head.volumes | {name: noise}, head.grid, BRATS)
    assert [f.text.split(" ")[0] for f in found] == [name]
    assert "looks like noise" in found[0].text
    assert found[0].of_roles
    in_head = np.where(head.volumes["T1"] > 0, noise, 0)
    assert "noise" in sentences(head.volumes | {name: in_head}, head.grid)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_scan_of_half_the_head_says_so(head: Case, axis: int) -> None:
    half = np.moveaxis(head.volumes["T2"].copy(), axis, 0)
    half[half.shape[0] // 2 :] = 0
    text = sentences(head.volumes | {"T2": np.moveaxis(half, 0, axis)}, head.grid)
    assert "T2 shows only" in text


@pytest.mark.parametrize("axis", [0, 1])
def test_permuted_voxel_axes_under_a_plain_header_are_found(head: Case, axis: int) -> None:
    moved = {n: np.moveaxis(v, 2, axis).copy() for n, v in head.volumes.items()}
    shape = next(iter(moved.values())).shape
    affine = np.diag([-2.5, -2.5, 2.5, 1.0])
    grid = Grid.from_affine(affine, shape[::-1])
    assert grid.shape == shape
    assert "axes may be permuted" in sentences(moved, grid)
    grid = Grid.from_affine(affine, head.grid.shape[::-1])
    assert sentences(dict(head.volumes), grid) == ""


def test_a_whole_brain_of_a_third_of_a_litre_is_too_small(head: Case) -> None:
    fine = {n: np.kron(v, np.ones((2, 2, 2), v.dtype)) for n, v in head.volumes.items()}
    shape = next(iter(fine.values())).shape
    assert sentences(fine, Grid(shape, (1.25,) * 3)) == ""
    assert "much less than a human brain" in sentences(fine, Grid(shape, (0.7,) * 3))
    crop = {n: v[50:90, 40:130, 20:120] for n, v in fine.items()}
    cropped = next(iter(crop.values())).shape
    assert "human brain" not in sentences(crop, Grid(cropped, (1.0,) * 3))
