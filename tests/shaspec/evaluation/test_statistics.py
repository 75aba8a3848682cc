"""Means over cases, their intervals, and two models case by case."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.evaluation.bootstrap import caution, interval
from shaspec.evaluation.comparison import compare
from shaspec.evaluation.statistics import AVERAGE, POOLED_IOU, summary
from shaspec.evaluation.tables import Line, Row

shares = st.floats(0, 1).map(lambda x: round(x, 6))
cases = st.lists(shares, min_size=2, max_size=12)


def rows(values: dict[tuple[str, str, str], float], metric: str = "dice") -> list[Row]:
    return [Row(*key, {metric: value}) for key, value in values.items()]


def row(lines: list[Line], metric: str, subset: str, region: str) -> Line:
    (line,) = (
        entry
        for entry in lines
        if (entry["metric"], entry["subset"], entry["region"]) == (metric, subset, region)
    )
    return line


@given(cases)
def test_the_interval_holds_the_mean_and_lies_within_the_values(values: list[float]) -> None:
    low, high = interval(np.array(values))
    assert min(values) - 1e-9 <= low <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= high <= max(values) + 1e-9


def test_the_interval_shrinks_with_the_number_of_cases() -> None:
    values = np.random.default_rng(0).random(8)
    widths = [np.ptp(interval(np.tile(values, n))) for n in (1, 4, 16)]
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2] > 0
    assert interval(values) == interval(values)  # seeded


def test_one_case_has_no_interval_and_few_cases_are_called_few() -> None:
    assert all(math.isnan(bound) for bound in interval(np.array([0.5])))
    assert caution(3).startswith("only 3 cases")
    assert caution(50) == ""


def test_the_mean_over_subsets_is_taken_per_case_first() -> None:
    lines = summary(
        rows({
            ("a", "FLAIR", "WT"): 0.2, ("a", "T2", "WT"): 0.4,
            ("b", "FLAIR", "WT"): 0.6, ("b", "T2", "WT"): 1.0,
        })
    )  # fmt: skip
    assert row(lines, "dice", "FLAIR", "WT")["mean"] == pytest.approx(0.4)
    over_all = row(lines, "dice", "mean of 2", "WT")
    assert over_all["mean"] == pytest.approx(0.55)
    assert over_all["cases"] == "2"
    assert over_all["low"] == pytest.approx(0.3)
    assert over_all["high"] == pytest.approx(0.8)


def test_a_case_that_lacks_a_subset_stays_out_of_the_mean_over_subsets() -> None:
    lines = summary(
        rows({("a", "FLAIR", "WT"): 0.2, ("a", "T2", "WT"): 0.4, ("b", "FLAIR", "WT"): 0.9})
    )
    assert row(lines, "dice", "mean of 2", "WT")["mean"] == pytest.approx(0.3)
    assert row(lines, "dice", "FLAIR", "WT")["cases"] == "2"


def test_the_average_over_regions_comes_along() -> None:
    lines = summary(rows({("a", "T2", "ET"): 0.2, ("a", "T2", "WT"): 0.6}))
    assert row(lines, "dice", "T2", AVERAGE)["mean"] == pytest.approx(0.4)


def test_a_value_that_is_not_defined_is_left_out() -> None:
    lines = summary(rows({("a", "T2", "ET"): math.nan, ("b", "T2", "ET"): 0.5}, "volume_error"))
    line = row(lines, "volume_error", "T2", "ET")
    assert (line["cases"], line["mean"]) == ("1", 0.5)


def test_pooled_iou_counts_the_voxels_of_all_cases_together() -> None:
    table = [
        Row("a", "T2", "x", {"dice": 1.0, "truth_ml": 9.0, "predicted_ml": 9.0}),
        Row("b", "T2", "x", {"dice": 0.0, "truth_ml": 1.0, "predicted_ml": 2.0}),
        Row("a", "T2", "y", {"dice": 1.0, "truth_ml": 0.0, "predicted_ml": 0.0}),
        Row("b", "T2", "y", {"dice": 0.5, "truth_ml": 2.0, "predicted_ml": 2.0}),
    ]
    lines = summary(table)
    assert row(lines, POOLED_IOU, "T2", "x")["mean"] == pytest.approx(9 / 12)
    assert row(lines, POOLED_IOU, "T2", "y")["mean"] == pytest.approx(1 / 3)
    assert row(lines, POOLED_IOU, "T2", AVERAGE)["mean"] == pytest.approx((9 / 12 + 1 / 3) / 2)


def test_pooled_iou_says_how_many_cases_have_the_subset() -> None:
    sizes = {"dice": 0.5, "truth_ml": 2.0, "predicted_ml": 2.0}
    pairs = [("a", "T1"), ("a", "T2"), ("b", "T2"), ("c", "T2")]
    lines = summary([Row(case, subset, r, sizes) for case, subset in pairs for r in ("x", "y")])
    for region in ("x", "y", AVERAGE):
        counts = {s: row(lines, POOLED_IOU, s, region)["cases"] for s in ("T1", "T2", "mean of 2")}
        assert counts == {"T1": "1", "T2": "3", "mean of 2": "3"}


def test_a_region_that_never_occurs_has_no_pooled_iou_and_no_say_in_miou() -> None:
    table = [
        Row("a", "T2", "x", {"dice": 0.5, "truth_ml": 2.0, "predicted_ml": 2.0}),
        Row("a", "T2", "y", {"dice": 1.0, "truth_ml": 0.0, "predicted_ml": 0.0}),
    ]
    lines = summary(table)
    assert math.isnan(float(row(lines, POOLED_IOU, "T2", "y")["mean"]))
    assert row(lines, POOLED_IOU, "T2", AVERAGE)["mean"] == pytest.approx(1 / 3)


def sides(pairs: list[tuple[float, float]], metric: str) -> tuple[list[Row], list[Row]]:
    both = (
        rows({(f"case {i}", "T2", "ET"): pair[k] for i, pair in enumerate(pairs)}, metric)
        for k in (0, 1)
    )
    return next(both), next(both)


@given(
    st.lists(st.tuples(shares, shares), min_size=2, max_size=8),
    st.sampled_from(["dice", "hd95_mm"]),
)
def test_a_against_b_is_b_against_a_with_the_other_sign(
    pairs: list[tuple[float, float]], metric: str
) -> None:
    a, b = sides(pairs, metric)
    for here, there in zip(compare(a, b), compare(b, a), strict=True):
        assert float(here["difference"]) == pytest.approx(-float(there["difference"]))
        assert float(here["low"]) == pytest.approx(-float(there["high"]))
        assert (here["won"], here["tied"], here["lost"]) == (
            there["lost"], there["tied"], there["won"],
        )  # fmt: skip
        assert float(here["low"]) - 1e-9 <= float(here["difference"]) <= float(here["high"]) + 1e-9


@pytest.mark.parametrize(
    ("metric", "won"), [("dice", "2"), ("hd95_mm", "1"), ("volume_error_ml", "1")]
)
def test_the_better_value_of_a_metric_wins_a_case(metric: str, won: str) -> None:
    a, b = sides([(0.9, 0.1), (0.8, 0.2), (0.1, 0.3)], metric)
    assert row(compare(a, b), metric, "T2", "ET")["won"] == won


def test_only_common_cases_are_compared() -> None:
    a = rows({("a", "T2", "ET"): 0.5, ("b", "T2", "ET"): 0.1, ("a", "T1", "ET"): 0.9})
    b = rows({("a", "T2", "ET"): 0.2, ("c", "T2", "ET"): 0.9})
    lines = compare(a, b)
    assert {line["subset"] for line in lines} == {"T2", "mean of 1"}
    assert row(lines, "dice", "T2", "ET")["difference"] == pytest.approx(0.3)


def test_folds_with_different_metrics_are_compared_in_those_they_share() -> None:
    mine = [
        Row("a", "T2", "ET", {"dice": 0.5, "hd95_mm": 1.0}),
        Row("b", "T2", "ET", {"dice": 0.7}),
    ]
    assert {line["metric"] for line in compare(mine, mine)} == {"dice"}


def test_results_without_a_common_case_cannot_be_compared() -> None:
    a, b = rows({("a", "T2", "ET"): 0.5}), rows({("b", "T2", "ET"): 0.5})
    with pytest.raises(InputError, match="no case, subset and region in common"):
        compare(a, b)
