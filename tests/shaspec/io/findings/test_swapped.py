"""Scans with the names of others are told, by all their contrasts, whatever their scales."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.io.findings import Coarse, case_findings
from shaspec.io.findings.contrast import sampled
from shaspec.io.findings.swapped import NAMES, swapped
from shaspec.phantom import make_case

pytestmark = pytest.mark.slow  # simulates scans

SEEDS = (9_000_001, 9_000_003, 9_000_004)
# A few negative voxels would look like ripples of resampling (`shaspec.ripples`).
OFFSETS = st.floats(-2, 0.3) | st.floats(8, 30)
SCALES = st.lists(st.tuples(st.floats(1e-3, 1e3), OFFSETS), min_size=4, max_size=4)


@pytest.fixture(scope="module")
def heads() -> list[Case]:
    return [make_case(seed, shape=(72, 84, 72), spacing=(2.5, 2.5, 2.5)) for seed in SEEDS]


@pytest.fixture(scope="module")
def voxels(heads: list[Case]) -> list[dict[str, Any]]:
    return [sampled(Coarse.of(head.volumes, head.grid, head.task)) for head in heads]


def rescaled(values: Any, scale: float, offset: float) -> Any:
    """Other units, and tissue moved by ``offset`` deviations; background stays 0."""
    tissue = values != 0
    moved = scale * (values - values[tissue].mean() + offset * values[tissue].std())
    return np.where(tissue, moved, 0).astype(np.float32)


@settings(max_examples=20)
@given(names=st.sets(st.sampled_from(NAMES), min_size=2), scales=SCALES)
def test_no_scale_and_offset_of_intensities_makes_a_correct_case_look_swapped(
    voxels: list[dict[str, Any]], names: set[str], scales: list[tuple[float, float]]
) -> None:
    for case in voxels:
        changed = {n: a * case[n] + b for n, (a, b) in zip(NAMES, scales, strict=True)}
        assert swapped({name: changed[name] for name in names}) == ""


@settings(max_examples=10, deadline=None)
@given(scales=SCALES)
def test_no_finding_depends_on_scale_and_offset_of_the_tissue(
    heads: list[Case], scales: list[tuple[float, float]]
) -> None:
    """As standardised volumes have, whose tissue is below 0 too."""
    for head in heads:
        items = zip(head.volumes.items(), scales, strict=True)
        changed = {name: rescaled(values, *by) for (name, values), by in items}
        found = [finding.sentence for finding in case_findings(changed, head.grid, head.task)]
        assert not found


ENHANCING = ("FLAIR", "T1ce", "T1", "T2")


@pytest.mark.parametrize("order", [o for o in permutations(NAMES) if o not in (NAMES, ENHANCING)])
def test_every_other_order_of_four_scans_is_named(
    voxels: list[dict[str, Any]], order: tuple[str, ...]
) -> None:
    moved = [new for old, new in zip(NAMES, order, strict=True) if old != new]
    for case in voxels:
        said = swapped({new: case[old] for old, new in zip(NAMES, order, strict=True)})
        for old, new in zip(NAMES, order, strict=True):
            if len(moved) == 2 and old != new:
                assert old in said
                assert new in said
                assert "look swapped" in said
            elif old != new:
                assert f"{new} looks like {old}" in said or f"{new} like {old}" in said


def test_a_scan_without_contrast_is_not_judged() -> None:
    flat = np.ones(100, np.float32)
    assert swapped({"T1": flat, "T2": np.arange(100, dtype=np.float32)}) == ""
    assert swapped({"T1": flat}) == ""
    assert swapped({"CT": flat, "PET": flat}) == ""


@pytest.mark.parametrize("names", [NAMES, ("T1", "T1ce"), ("FLAIR", "T1", "T1ce")])
def test_t1_and_t1ce_are_told_apart_by_vessels(
    voxels: list[dict[str, Any]], names: tuple[str, ...]
) -> None:
    for case in voxels:
        vessels = np.arange(len(case["T1"])) % 100 == 0
        after = np.where(vessels, 3 * case["T1"], case["T1"] + 0.02 * case["T2"])
        assert swapped({n: after if n == "T1ce" else case[n] for n in names}) == ""
        wrong = case | {"T1": after, "T1ce": case["T1"]}
        said = swapped({name: wrong[name] for name in names})
        assert (
            said == "T1 and T1ce look swapped: vessels and tumour are brighter in T1 than in T1ce"
        )
