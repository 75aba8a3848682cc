"""Heads with skull and neck, and their scans: what the training of skull stripping relies on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from shaspec.phantom.atlas import analytic_atlas
from shaspec.phantom.random_scan import RandomScan, random_scan
from shaspec.phantom.whole_head import BRAIN, SHAPE, VOXEL_MM, Labels, Tissue, make_whole_head

pytestmark = pytest.mark.slow

SCAN, VOXEL = (36, 44, 36), 5.0


@pytest.fixture(scope="module", params=[3, 4])
def head(request: pytest.FixtureRequest) -> Labels:
    return make_whole_head(request.param, analytic_atlas())


@pytest.fixture(scope="module")
def scans(head: Labels) -> list[RandomScan]:
    return [random_scan(np.random.default_rng(k), head, SCAN, VOXEL) for k in range(10)]


def test_the_brain_is_one_piece_without_holes_and_has_the_size_of_one(head: Labels) -> None:
    assert head.shape == SHAPE
    brain = np.isin(head, BRAIN)
    assert ndimage.label(brain)[1] == 1
    assert np.array_equal(ndimage.binary_fill_holes(brain), brain)
    assert 900 < np.count_nonzero(brain) * VOXEL_MM**3 / 1000 < 2000


def test_the_brain_lies_inside_the_head_and_bone_around_nearly_all_of_it(head: Labels) -> None:
    brain = np.isin(head, BRAIN)
    near = ndimage.binary_dilation(brain, iterations=1) & ~brain
    assert not (near & (head == Tissue.AIR)).any()
    away = ndimage.distance_transform_edt(~brain, sampling=VOXEL_MM)
    assert (head[(away > 0) & (away < 12)] == Tissue.BONE).mean() > 0.1


def test_a_head_has_every_tissue_but_perhaps_a_lens(head: Labels) -> None:
    assert set(Tissue) - {Tissue.LENS} <= {*map(int, np.unique(head))}


def test_heads_differ(head: Labels) -> None:
    other = make_whole_head(5, analytic_atlas())
    assert (np.isin(other, BRAIN) != np.isin(head, BRAIN)).mean() > 0.01


def test_the_same_numbers_give_the_same_scan(head: Labels) -> None:
    one, other = (random_scan(np.random.default_rng(1), head, SCAN, VOXEL) for _ in range(2))
    assert np.array_equal(one.image, other.image)
    assert np.array_equal(one.brain, other.brain)


def test_scans_have_finite_intensities_and_a_part_of_the_brain(scans: list[RandomScan]) -> None:
    for scan in scans:
        assert scan.image.shape == scan.brain.shape == SCAN
        assert np.isfinite(scan.image).all()
        assert scan.image.min() >= 0
        assert 0 <= scan.brain.min() < scan.brain.max() <= 1
        assert 200 < scan.brain.sum() * VOXEL**3 / 1000 < 3000


def test_the_brain_is_brighter_than_its_surroundings_in_some_scans_and_darker_in_others(
    scans: list[RandomScan],
) -> None:
    brighter = []
    for scan in scans:
        brain = scan.brain > 0.9
        around = ndimage.binary_dilation(scan.brain > 0.1, iterations=3) & (scan.brain < 0.1)
        brighter.append(np.median(scan.image[brain]) > np.percentile(scan.image[around], 75))
    assert 0 < sum(brighter) < len(brighter)
