"""Lesion-wise scores: definition of a lesion, ignored lesions, false positives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.evaluation.lesions import DILATIONS, SMALLEST_MM3, Lesions

SPACING = (1.0, 1.0, 1.0)
SHAPE = (24, 30, 60)
WORST = 72.0  # the diagonal of SHAPE, 71.3 mm, in whole mm


def ball(*centres: tuple[int, int, int], half: int = 2) -> np.ndarray:
    """Cubes of 2 half + 1 voxels."""
    mask = np.zeros(SHAPE, bool)
    for c in centres:
        mask[tuple(slice(n - half, n + half + 1) for n in c)] = True
    return mask


LEFT, RIGHT = (12, 15, 10), (12, 15, 45)


def test_the_truth_itself_scores_1_and_0_mm() -> None:
    truth = ball(LEFT, RIGHT)
    scores = Lesions(truth, SPACING).scores(truth)
    assert (scores.dice, scores.hd95, scores.lesions, scores.false_positives) == (1, 0, 2, 0)


def test_every_lesion_counts_the_same_however_large() -> None:
    truth = ball(LEFT, half=5) | ball(RIGHT)
    scores = Lesions(truth, SPACING).scores(ball(LEFT, half=5))
    assert scores.dice == pytest.approx(0.5)
    assert scores.hd95 == pytest.approx(WORST / 2)


def test_a_false_positive_counts_0_and_the_diagonal_in_whole_mm() -> None:
    truth = ball(LEFT)
    scores = Lesions(truth, SPACING).scores(ball(LEFT, RIGHT))
    assert scores.false_positives == 1
    assert scores.dice == pytest.approx(0.5)
    assert scores.hd95 == pytest.approx(WORST / 2)


def test_the_diagonal_of_brats_makes_374_mm() -> None:
    truth = np.zeros((155, 240, 240), bool)
    found = truth.copy()
    found[70:76, 100:106, 100:106] = True
    assert Lesions(truth, SPACING).scores(found).hd95 == 374


def test_two_empty_masks_score_1_and_one_empty_mask_scores_0() -> None:
    empty, full = np.zeros(SHAPE, bool), ball(LEFT)
    nothing = Lesions(empty, SPACING).scores(empty)
    assert (nothing.dice, nothing.hd95) == (1, 0)
    for truth, found in ((empty, full), (full, empty)):
        scores = Lesions(truth, SPACING).scores(found)
        assert (scores.dice, scores.hd95) == (0, WORST)


@pytest.mark.parametrize(("gap", "lesions"), [(2 * DILATIONS, 1), (2 * DILATIONS + 2, 2)])
def test_parts_whose_dilations_touch_are_one_lesion(gap: int, lesions: int) -> None:
    near = (LEFT[0], LEFT[1], LEFT[2] + 5 + gap)
    truth = ball(LEFT, near)
    assert Lesions(truth, SPACING).scores(truth).lesions == lesions


def test_a_lesion_of_at_most_50_mm3_is_ignored_with_the_prediction_on_it() -> None:
    small = np.zeros(SHAPE, bool)
    small[12, 10:15, 40:50] = True
    assert small.sum() == SMALLEST_MM3
    truth = ball(LEFT) | small
    lesions = Lesions(truth, SPACING)
    for found in (ball(LEFT), truth):
        scores = lesions.scores(found)
        assert (scores.dice, scores.lesions, scores.false_positives) == (1, 1, 0)
    # The same voxels at twice the size are 400 mm3 and count.
    assert Lesions(truth, (2.0, 2.0, 2.0)).scores(truth).lesions == 2


def test_a_component_that_touches_the_dilated_lesion_belongs_to_it() -> None:
    truth = ball(LEFT)
    beside = ball((LEFT[0], LEFT[1], LEFT[2] + 6), half=2)  # within 3 voxels of the truth
    scores = Lesions(truth, SPACING).scores(truth | beside)
    assert scores.false_positives == 0
    assert scores.dice == pytest.approx(2 * 125 / (125 + 250))


@given(st.integers(0, 3), st.integers(0, 2))
def test_a_single_lesion_moved_has_the_scores_of_the_whole_case(shift: int, axis: int) -> None:
    from shaspec.evaluation.scoring import TrueRegion

    truth = ball(LEFT)
    scores = TrueRegion(truth, SPACING).scores(np.roll(truth, shift, axis))
    assert scores["lesion_dice"] == pytest.approx(scores["dice"])
    assert scores["lesion_hd95_mm"] == pytest.approx(scores["hd95_mm"])


def test_the_example_of_the_documentation() -> None:
    """A large lesion that is found, a small one that is missed, and an island far from both."""
    from shaspec.evaluation.scoring import TrueRegion

    truth, found = np.zeros((2, 155, 240, 240), bool)
    truth[60:70, 100:110, 100:110] = found[60:70, 100:110, 100:110] = True
    truth[60:65, 100:105, 150:154] = True
    found[100:105, 100:105, 60:64] = True
    scores = TrueRegion(truth, SPACING).scores(found)
    assert scores["dice"] == pytest.approx(2 * 1000 / 2200)
    assert scores["lesion_dice"] == pytest.approx(1 / 3)
    assert scores["lesion_hd95_mm"] == pytest.approx(2 * 374 / 3)
    assert scores["false_islands"] == 1


@given(st.sets(st.sampled_from([(4, 4, 4), (4, 25, 50), (19, 4, 50), (19, 25, 25)])))
def test_every_island_far_from_the_truth_is_counted_and_lowers_the_dice(
    islands: set[tuple[int, int, int]],
) -> None:
    from shaspec.evaluation.scoring import TrueRegion

    truth = ball(LEFT)
    scores = TrueRegion(truth, SPACING).scores(truth | ball(*islands), {"dice", "false_islands"})
    assert scores["false_islands"] == len(islands)
    lesion_wise = Lesions(truth, SPACING).scores(truth | ball(*islands), with_distances=False)
    assert lesion_wise.dice == pytest.approx(1 / (1 + len(islands)))
