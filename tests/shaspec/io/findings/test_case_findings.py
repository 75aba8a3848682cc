"""What is found in a whole case: skull, register, contrast, axes, units and anatomy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io.cases import case_from_arrays
from shaspec.io.findings import case_findings
from shaspec.phantom import make_case
from shaspec.task import load_task

pytestmark = pytest.mark.slow  # simulates scans

Volumes = dict[str, Any]


@pytest.fixture(scope="module")
def head() -> Case:
    return make_case(9_000_001, shape=(72, 84, 72), spacing=(2.5, 2.5, 2.5))


def sentences(volumes: Volumes, grid: Grid, task: str = "brats") -> str:
    return " ".join(found.sentence for found in case_findings(volumes, grid, load_task(task)))


@pytest.fixture(scope="module")
def found_in_the_sound_case(head: Case) -> str:
    return sentences(dict(head.volumes), head.grid)


def test_mr_padded_with_the_value_of_air_is_no_ct(head: Case) -> None:
    padded = {n: np.where(v > 0, v, -1024).astype(np.float32) for n, v in head.volumes.items()}
    assert "looks like CT" not in sentences(padded, head.grid)


def shifted(v: Volumes) -> Volumes:
    return v | {"T2": ndimage.shift(v["T2"], (2, 1, 0), order=0)}


def turned(v: Volumes) -> Volumes:
    return v | {"T1": ndimage.rotate(v["T1"], 8, axes=(0, 1), reshape=False, order=0)}


def elsewhere(v: Volumes) -> Volumes:
    return v | {"T1ce": ndimage.shift(v["T1ce"], (3, 9, -5), order=0)}


def in_skull(v: Volumes) -> Volumes:
    brain = ndimage.binary_fill_holes(v["FLAIR"] > 0)
    away = ndimage.distance_transform_edt(~brain, sampling=2.5)
    scalp = (away > 9) & (away < 20)
    return {name: np.where(scalp, np.median(a[brain]), a) for name, a in v.items()}


def as_ct(v: Volumes) -> Volumes:
    return v | {"T2": np.where(v["T2"] > 0, 40.0, -1000.0) + v["T2"] / v["T2"].max()}


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (shifted, "T2 fits the other scans better after a move"),
        (turned, "T1 fits the other scans better after a move"),
        (elsewhere, "of the head in T1ce lies where it does in the other scans"),
        (in_skull, "the skull does not seem to be stripped"),
        (as_ct, "T2 looks like CT"),
        (lambda v: v | {"FLAIR": v["T2"], "T2": v["FLAIR"]}, "FLAIR and T2 look swapped"),
        (lambda v: v | {"T1": v["T2"], "T2": v["T1"]}, "T1 and T2 look swapped by their contrasts"),
    ],
)
def test_a_fault_is_found_and_the_sound_case_has_none(
    head: Case, found_in_the_sound_case: str, fault: Any, text: str
) -> None:
    assert found_in_the_sound_case == ""
    assert text in sentences(fault(dict(head.volumes)), head.grid)


def test_a_bare_array_of_another_axis_order_is_named_and_one_from_a_file_is_not(head: Case) -> None:
    turned = {name: a.transpose(2, 1, 0) for name, a in head.volumes.items()}
    shape = next(iter(turned.values())).shape
    bare = Grid(shape, head.grid.spacing)
    assert "along axis 0 of the array" in sentences(turned, bare)
    with_file = replace(bare, source_affine=np.diag([2.5, 2.5, 2.5, 1.0]))
    assert "along axis" not in sentences(turned, with_file)


def test_a_brain_of_wrong_voxel_size_is_named(head: Case) -> None:
    grid = replace(head.grid, spacing=(0.25, 0.25, 0.25))
    assert "much less than a human brain" in sentences(dict(head.volumes), grid)


def test_a_narrow_body_is_no_abdomen() -> None:
    body = make_case(9_000_010, shape=(50, 70, 90), spacing=(5, 5, 5), task="liver-ct")
    grid = replace(body.grid, spacing=(2.5, 2.5, 2.5))
    assert sentences(dict(body.volumes), body.grid, "liver-ct") == ""
    assert "too narrow for the abdomen" in sentences(dict(body.volumes), grid, "liver-ct")


def test_nothing_is_said_of_a_task_without_anatomy(head: Case) -> None:
    task = load_task("brats").model_copy(update={"anatomy": ""})
    assert case_findings(shifted(dict(head.volumes)), head.grid, task) == ()


def test_findings_of_the_case_are_notices(head: Case) -> None:
    case = case_from_arrays(shifted(dict(head.volumes)), head.task, grid=head.grid)
    assert any("not registered to each other" in notice for notice in case.notices)


@settings(max_examples=12)
@given(
    name=st.sampled_from(["FLAIR", "T1", "T1ce", "T2"]),
    direction=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3),
    mm=st.floats(10, 70),
)
def test_a_scan_at_any_distance_from_the_others_is_named(
    head: Case, name: str, direction: tuple[float, ...], mm: float
) -> None:
    shift = mm / 3**0.5 * np.array(direction) / head.grid.spacing
    moved = ndimage.shift(head.volumes[name], shift, order=0)
    found = sentences(dict(head.volumes) | {name: moved}, head.grid)
    assert "not registered to each other" in found
    assert found.startswith((f"{name} fits", "only"))


@pytest.mark.parametrize("part", [slice(0, 36), slice(20, 60)])
def test_a_scan_of_a_part_of_the_head_is_not_called_unregistered(head: Case, part: slice) -> None:
    slab = np.zeros_like(head.volumes["T2"])
    slab[part] = head.volumes["T2"][part]
    assert "registered" not in sentences(dict(head.volumes) | {"T2": slab}, head.grid)


def test_the_sample_that_napari_opens_gives_no_finding() -> None:
    sample = make_case(9_000_000)
    assert sentences(dict(sample.volumes), sample.grid) == ""


@pytest.mark.parametrize("name", ["FLAIR", "T1", "T1ce", "T2"])
def test_a_mirrored_scan_is_named_and_a_mirrored_case_is_not(head: Case, name: str) -> None:
    flipped = {n: np.ascontiguousarray(v[..., ::-1]) for n, v in head.volumes.items()}
    one = dict(head.volumes) | {name: flipped[name]}
    assert f"{name} looks mirrored" in sentences(one, head.grid)
    assert "mirrored" not in sentences(flipped, head.grid)
