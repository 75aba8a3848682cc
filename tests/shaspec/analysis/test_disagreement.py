"""Maps of disagreement: entropy, smallest subset, difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.analysis.disagreement import (
    BOTH,
    ONLY_HERE,
    ONLY_THERE,
    difference,
    entropy,
    smallest_subset,
)
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import Task, load_task

BRATS = load_task("brats")
GRID = Grid((1, 2, 3), (10.0, 10.0, 10.0))
label_maps = arrays(np.uint8, GRID.shape, elements=st.sampled_from([0, 1, 2, 4]))
some_maps = st.lists(label_maps, min_size=1, max_size=15)


def predictions(maps: list[np.ndarray], task: Task = BRATS) -> list[Prediction]:
    subsets = [*reversed(task.subsets())]
    return [Prediction("anna", task, GRID, subsets[i], m, {}) for i, m in enumerate(maps)]


@given(some_maps)
def test_entropy_is_that_of_the_shares_of_the_votes(maps: list[np.ndarray]) -> None:
    bits = entropy(predictions(maps))
    stack = np.stack(maps)
    expected = np.zeros(GRID.shape)
    for value in (0, 1, 2, 4):
        share = (stack == value).mean(axis=0)
        expected -= np.where(share > 0, share * np.log2(np.maximum(share, 1e-300)), 0)
    np.testing.assert_allclose(bits, expected, atol=1e-5)


@given(some_maps, st.sampled_from(BRATS.region_names), st.randoms(use_true_random=False))
def test_entropy_of_a_region_is_0_to_1_bit_and_knows_no_order(maps, region, random) -> None:
    bits = entropy(predictions(maps), region)
    assert bits.dtype == np.float32
    assert bits.min() >= 0
    assert bits.max() <= 1 + 1e-6
    random.shuffle(maps)
    np.testing.assert_array_equal(bits, entropy(predictions(maps), region))


@given(label_maps, st.integers(1, 15))
def test_entropy_is_0_where_all_subsets_agree(labels: np.ndarray, count: int) -> None:
    assert not entropy(predictions([labels] * count)).any()


@given(some_maps, st.sampled_from(BRATS.region_names))
def test_no_smaller_subset_finds_the_region_there(maps: list[np.ndarray], region: str) -> None:
    made = predictions(maps)
    smallest = smallest_subset(made, region)
    masks = [p.task.region_masks(p.labels)[p.task.region_names.index(region)] for p in made]
    for voxel in np.ndindex(*GRID.shape):
        finders = [i for i, mask in enumerate(masks) if mask[voxel]]
        if not finders:
            assert smallest.size[voxel] == smallest.number[voxel] == 0
        else:
            best = min(finders, key=lambda i: (len(made[i].subset), i))
            assert smallest.number[voxel] == best + 1
            assert smallest.size[voxel] == len(made[best].subset)


@given(label_maps, label_maps, st.sampled_from(BRATS.region_names))
def test_a_difference_adds_up_to_both_masks(a: np.ndarray, b: np.ndarray, region: str) -> None:
    found = difference(a, b, BRATS, region, GRID)
    index = BRATS.region_names.index(region)
    here, there = BRATS.region_masks(a)[index], BRATS.region_masks(b)[index]
    np.testing.assert_array_equal(np.isin(found.map, (ONLY_HERE, BOTH)), here)
    np.testing.assert_array_equal(np.isin(found.map, (ONLY_THERE, BOTH)), there)
    assert found.sizes[ONLY_HERE] + found.sizes[BOTH] == pytest.approx(here.sum() * 1.0)
    assert found.sizes[ONLY_THERE] + found.sizes[BOTH] == pytest.approx(there.sum() * 1.0)


def test_incomparable_results_are_refused() -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    with pytest.raises(InputError, match="1 to 255 results"):
        entropy([])
    with pytest.raises(InputError, match="no region 'XY'"):
        smallest_subset(predictions([labels]), "XY")
    with pytest.raises(InputError, match="different tasks or shapes"):
        entropy(predictions([labels, labels[..., :2]]))
    with pytest.raises(InputError, match="cannot be compared"):
        difference(labels, labels[0], BRATS, "WT", GRID)
