"""HD95: properties, comparison with a slow implementation and with golden numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.evaluation.surfaces import Surface, bounding_box, diagonal, element_areas, hd95

masks = arrays(bool, (4, 5, 6))
spacings = st.tuples(*[st.sampled_from([0.5, 1.0, 2.3])] * 3)


def distance(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> float:
    return hd95(Surface(a, spacing), Surface(b, spacing), one_empty=373.13)


def by_definition(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Every cell of 2x2x2 by itself, every distance by itself."""
    areas = element_areas(spacing)

    def elements(mask: np.ndarray) -> list[tuple[np.ndarray, float]]:
        padded, found = np.pad(mask, 1), []
        for corner in itertools.product(*(range(n - 1) for n in padded.shape)):
            cell = padded[tuple(slice(c, c + 2) for c in corner)]
            if 0 < cell.sum() < cell.size:
                bits = (int(v) << i for i, v in enumerate(cell.ravel(order="F")))
                found.append((np.multiply(corner, spacing), float(areas[sum(bits)])))
        return found

    def directed(these: list[tuple[np.ndarray, float]], those: list[tuple[np.ndarray, float]]):
        """The distance within which 95 % of the area of ``these`` lies."""
        pairs = sorted(
            (min(float(np.linalg.norm(p - q)) for q, _ in those), area) for p, area in these
        )
        covered, total = 0.0, sum(area for _, area in pairs)
        for length, area in pairs:
            covered += area
            if covered / total >= 0.95 - 1e-6:
                return length
        raise AssertionError

    first, second = elements(a), elements(b)
    return max(directed(first, second), directed(second, first))


@given(masks, masks, spacings)
def test_hd95_is_symmetric_and_never_beyond_the_diagonal(
    a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]
) -> None:
    assume(a.any() and b.any())
    assert distance(a, b, spacing) == distance(b, a, spacing)
    assert 0 <= distance(a, b, spacing) <= diagonal(a.shape, spacing)


@given(masks, spacings)
def test_a_surface_lies_at_no_distance_from_itself(
    a: np.ndarray, spacing: tuple[float, ...]
) -> None:
    assert distance(a, a, spacing) == 0


@given(st.integers(0, 2), st.integers(0, 5), spacings)
def test_a_box_moved_by_k_voxels_is_k_spacings_away(
    axis: int, k: int, spacing: tuple[float, ...]
) -> None:
    # Wide across the axis of motion, so that the faces that moved are far more than 5 %.
    mask = np.zeros((20, 20, 20), bool)
    box = [slice(2, 18)] * 3
    box[axis] = slice(5, 8)
    mask[tuple(box)] = True
    moved = np.roll(mask, k, axis)
    assert distance(mask, moved, spacing) == pytest.approx(k * spacing[axis])


@given(masks, masks, st.floats(0.1, 10))
def test_millimetres_scale_with_the_voxels(a: np.ndarray, b: np.ndarray, factor: float) -> None:
    assume(a.any() and b.any())
    unit = distance(a, b, (1.0, 1.0, 1.0))
    assert distance(a, b, (factor,) * 3) == pytest.approx(factor * unit, rel=1e-6)


def test_a_share_that_is_reached_exactly_is_reached_however_areas_are_rounded() -> None:
    line = np.zeros((1, 40), bool)
    line[0, 0] = True
    here, there = Surface(line, (1.0, 1.0)), Surface(line, (1.0, 1.0))
    here.points = np.array([(0.0, 1.0)] * 38 + [(0.0, 30.0)] * 2)
    there.points = np.zeros((1, 2))
    for area in (1.0, 0.452):  # 38 of 40 times 0.452, summed up, is a little less than 95 %
        here.areas = np.full(40, area)
        assert here.distance_to(there, 0.95) == 1


def test_both_empty_is_0_and_one_empty_the_diagonal_of_the_image() -> None:
    empty = np.zeros((4, 4, 4), bool)
    full = ~empty
    assert distance(empty, empty, (1, 1, 1)) == 0
    assert distance(empty, full, (1, 1, 1)) == distance(full, empty, (1, 1, 1)) == 373.13
    assert diagonal((155, 240, 240), (1, 1, 1)) == pytest.approx(373.13, abs=0.005)


@settings(max_examples=25)
@given(arrays(bool, (3, 3, 4)), arrays(bool, (3, 3, 4)))
def test_the_map_follows_its_definition_voxel_by_voxel(a: np.ndarray, b: np.ndarray) -> None:
    assume(a.any() and b.any())
    spacing = (3.0, 1.0, 0.7)
    assert distance(a, b, spacing) == pytest.approx(by_definition(a, b, spacing))


def blobs(seed: int) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Two overlapping bodies of 20 to 26 voxels with ragged rims, and a voxel size."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(20, 27, 3))
    spacing = tuple(float(s) for s in rng.choice([0.7, 1.0, 2.5], 3))
    where = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    both = []
    for _ in range(2):
        centre = rng.uniform(-0.25, 0.25, (3, 1, 1, 1))
        radius = np.sqrt((((where - centre) / rng.uniform(0.3, 0.7, (3, 1, 1, 1))) ** 2).sum(0))
        both.append(radius + rng.uniform(-0.1, 0.1, shape) < 1)
    return both[0], both[1], spacing


GOLDEN = {
    0: 2.886174,
    1: 15.210851,
    2: 6.000000,
    3: 7.532596,
    4: 7.433034,
    5: 10.246951,
    6: 13.500000,
    7: 7.500000,
}


@pytest.mark.parametrize(("seed", "expected"), GOLDEN.items())
def test_it_agrees_with_the_code_that_brats_uses(seed: int, expected: float) -> None:
    """Numbers that google-deepmind/surface-distance 0.1 gives for the same masks."""
    a, b, spacing = blobs(seed)
    assert distance(a, b, spacing) == pytest.approx(expected, abs=1e-5)


def test_a_flat_cell_has_the_area_of_its_face() -> None:
    areas = element_areas((3.0, 2.0, 1.0))
    half = sum(1 << i for i in range(8) if i % 2)  # the first axis runs fastest
    assert areas[half] == pytest.approx(2.0 * 1.0)
    assert areas[0] == areas[255] == 0
    np.testing.assert_allclose(areas, areas[::-1])  # inside out it is the same surface


@given(masks)
def test_a_cut_out_mask_keeps_its_place(a: np.ndarray) -> None:
    box = bounding_box(a)
    whole, cut = Surface(a, (1, 2, 3)), Surface(a[box], (1, 2, 3), [s.start for s in box])
    order = [np.lexsort(s.points.T) for s in (whole, cut)]
    np.testing.assert_array_equal(whole.points[order[0]], cut.points[order[1]])
    assert math.isclose(whole.areas.sum(), cut.areas.sum())


def test_the_outline_of_a_picture_has_the_length_of_its_edges() -> None:
    spacing = (2.0, 3.0)
    lengths = element_areas(spacing)
    slanted = math.hypot(*spacing) / 2
    patterns = {  # the corners (0, 0), (1, 0), (0, 1), (1, 1), the first axis being the fastest
        (1, 1, 0, 0): spacing[0],  # both in one column: the edge runs along the rows
        (0, 0, 1, 1): spacing[0],
        (1, 0, 1, 0): spacing[1],
        (0, 1, 0, 1): spacing[1],
        (1, 0, 0, 1): 2 * slanted,  # two corners that touch across the cell
        (0, 1, 1, 0): 2 * slanted,
        (1, 0, 0, 0): slanted,
        (0, 1, 1, 1): slanted,
        (0, 0, 0, 0): 0.0,
        (1, 1, 1, 1): 0.0,
    }
    for corners, length in patterns.items():
        pattern = sum(bit << i for i, bit in enumerate(corners))
        assert lengths[pattern] == pytest.approx(length), corners


def test_the_box_of_an_empty_mask_holds_nothing() -> None:
    assert bounding_box(np.zeros((4, 5, 6), bool)) == (slice(0, 0),) * 3
    one = np.zeros((4, 5), bool)
    one[3, 2] = True
    assert bounding_box(one) == (slice(3, 4), slice(2, 3))
