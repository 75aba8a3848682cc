"""Temperatures by likelihood, calibration error, and the counts they are computed from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from shaspec.errors import InputError
from shaspec.evaluation.calibration import (
    FLOOR,
    fit,
    fit_temperature,
    merged,
    negative_log_likelihood,
    reliability,
)
from shaspec.evaluation.calibration_run import Counted, read_counts, table, write_counts
from shaspec.evaluation.logit_counts import BINS, LOGITS, LogitCounts

MANY = 1_000_000


def truthful(temperature: float, centre: float = -2.0, width: float = 3.0) -> LogitCounts:
    """Voxels of a network whose logits are too large by a factor."""
    voxels = MANY * np.exp(-(((LOGITS - centre) / width) ** 2))
    inside = voxels * expit(LOGITS / temperature)
    return LogitCounts(np.rint([voxels - inside, inside]).astype(np.int64))


@given(st.floats(0.3, 4), st.floats(-4, 2), st.floats(1.5, 4))
def test_the_fit_finds_the_temperature_that_the_logits_were_made_with(
    temperature: float, centre: float, width: float
) -> None:
    found = fit_temperature(truthful(temperature, centre, width))
    assert found == pytest.approx(temperature, rel=0.01)


def test_calibrated_logits_have_temperature_1_and_no_error() -> None:
    counts = truthful(1.0)
    assert fit_temperature(counts) == pytest.approx(1, abs=0.002)
    assert reliability(counts).error < 1e-4


@given(st.integers(0, 2**32 - 1))
def test_no_temperature_has_a_higher_likelihood_than_the_fitted_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = LogitCounts(rng.integers(0, 50, (2, BINS)) * (rng.random((2, BINS)) < 0.1))
    best = negative_log_likelihood(counts, fit_temperature(counts))
    for other in (0.1, 0.5, 1.0, 2.0, 10.0):
        assert best <= negative_log_likelihood(counts, other) + 1e-4


def test_the_error_of_a_network_that_is_too_sure_falls_with_its_temperature() -> None:
    counts = truthful(2.0)
    before, after = reliability(counts), reliability(counts, 2.0)
    assert before.error > 0.02
    assert after.error < 1e-4
    assert before.voxels.sum() == after.voxels.sum()
    high = before.predicted > 0.7
    assert (before.observed < before.predicted)[high].all()


def test_an_empty_true_region_says_nothing_about_the_temperature() -> None:
    assert fit_temperature(LogitCounts.of(np.full(9, 0.3), np.zeros(9, bool))) == 1


def test_voxels_without_a_window_and_almost_excluded_voxels_do_not_count() -> None:
    p = np.array([0.0, 0.0, FLOOR / 2, 0.2, 0.9], np.float32)
    counts = LogitCounts.of(p, np.array([True, False, False, False, True]))
    assert counts.voxels == 3
    assert reliability(counts).voxels.sum() == 2


@given(st.lists(st.tuples(st.floats(2**-20, 1, width=32), st.booleans()), min_size=2, max_size=60))
def test_counts_of_parts_add_up_to_the_counts_of_the_whole(
    voxels: list[tuple[float, bool]],
) -> None:
    p, truth = (np.array(column) for column in zip(*voxels, strict=True))
    half = len(p) // 2
    parts = LogitCounts.of(p[:half], truth[:half]) + LogitCounts.of(p[half:], truth[half:])
    whole = LogitCounts.of(p, truth)
    np.testing.assert_array_equal(parts.counts, whole.counts)
    assert whole.voxels == len(p)
    np.testing.assert_array_equal(LogitCounts.from_json(whole.as_json()).counts, whole.counts)


def counted(*cases: str, temperature: float = 2.0, seen: tuple[str, ...] = ()) -> Counted:
    counts = {1: {"ET": truthful(temperature)}, 4: {"ET": truthful(temperature)}}
    return Counted("brats", counts, cases, seen, ("abc",))


def test_folds_are_pooled_and_each_case_is_counted_once(tmp_path: Path) -> None:
    write_counts(tmp_path / "calibration.json", counted("bert"))
    both = counted("anna").with_others([read_counts(tmp_path)])
    assert both.cases == ("anna", "bert")
    assert both.counts[4]["ET"].voxels == 2 * counted("anna").counts[4]["ET"].voxels
    assert fit(both.counts)["ET"] == pytest.approx(2, rel=0.01)
    with pytest.raises(InputError, match="bert was counted twice"):
        both.with_others([counted("bert")])


def test_the_card_says_whether_the_cases_were_held_out() -> None:
    calibration = counted("anna").calibration()
    assert calibration.held_out
    assert calibration.cases == ("anna",)
    assert calibration.error_after["ET"] < calibration.error_before["ET"]
    assert not counted("anna", seen=("anna",)).calibration().held_out


def test_the_table_has_a_line_per_number_of_modalities_and_one_for_all() -> None:
    lines = table(counted("anna"), counted("anna").calibration())
    assert [line["modalities"] for line in lines] == ["1", "4", "all"]
    assert all(float(line["error_after"]) < float(line["error_before"]) for line in lines)


def test_merging_keeps_the_sizes_in_order() -> None:
    assert list(merged([{4: {}}, {1: {}}])) == [1, 4]


@pytest.mark.parametrize("text", ["[]", '{"counts": {"1": {"ET": [[1]]}}}', '{"counts": {}}'])
def test_another_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"calibration\.json is not a file of shaspec calibrate"):
        read_counts(path)
