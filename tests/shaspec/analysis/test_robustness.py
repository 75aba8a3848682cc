"""A sweep yields a row per subset, compared with ground truth or all modalities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from shaspec.analysis.robustness import RowAdded, sweep
from shaspec.analysis.subset_table import ALL, DICE, TRUTH, VOLUME, SubsetTable, subsets_of
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.events import Notice, Progress
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model

Run = Callable[..., SubsetTable]


def test_every_subset_of_the_case_comes_once_largest_first(session, run_sweep: Run):
    table = run_sweep(session)
    assert len(table.rows) == 15
    assert table.complete
    sizes = [len(row.subset) for row in table.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert session.begun == [row.subset for row in table.rows] == subsets_of(table.modalities)


def test_a_case_with_two_modalities_has_three_subsets(session, run_sweep: Run):
    session.case = session.case.only(("FLAIR", "T2"))
    table = run_sweep(session)
    assert [row.name for row in table.rows] == ["FLAIR+T2", "FLAIR", "T2"]
    assert table.complete


def test_rows_come_one_by_one(session):
    counts = [len(e.table.rows) for e in sweep(session) if isinstance(e, RowAdded)]
    assert counts == list(range(1, 16))


def test_without_a_truth_rows_are_compared_with_all_modalities(session, run_sweep: Run):
    table = run_sweep(session)
    assert table.reference == ALL
    assert set(table.row(table.modalities).values["dice"].values()) == {1.0}
    # A slab of 12 mL of FLAIR and one of 8 mL of T1ce, which have 4 mL in common.
    assert table.row(["FLAIR"]).values["ml"] == {"ET": 0.0, "TC": 0.0, "WT": 12.0}
    assert table.row(["FLAIR"]).values["dice"]["WT"] == pytest.approx(2 * 12 / (12 + 16))
    assert table.row(["T1"]).values["dice"] == {"ET": 0.0, "TC": 0.0, "WT": 0.0}


def test_with_a_truth_rows_are_compared_with_it(session, run_sweep: Run):
    truth = np.zeros(session.case.grid.shape, np.uint8)
    truth[0] = 2
    table = run_sweep(session, truth=truth)
    assert table.reference == TRUTH
    assert table.row(["FLAIR"]).values["dice"] == {"ET": 1.0, "TC": 1.0, "WT": 1.0}
    assert table.row(table.modalities).values["dice"]["WT"] < 1


def test_no_modality_at_all_is_worth_an_empty_prediction(session, run_sweep: Run):
    truth = np.zeros(session.case.grid.shape, np.uint8)
    truth[0] = 2
    table = run_sweep(session, truth=truth)
    diagonal = np.linalg.norm(np.multiply(session.case.grid.shape, session.case.grid.spacing))
    assert table.empty == {
        "dice": {"ET": 1.0, "WT": 0.0, "TC": 1.0},
        "hd95_mm": {"ET": 0.0, "WT": pytest.approx(diagonal), "TC": 0.0},
        "ml": {"ET": 0.0, "WT": 0.0, "TC": 0.0},
    }


def test_chosen_subsets_are_run_and_the_reference_with_them(session, run_sweep: Run):
    table = run_sweep(session, [("T1ce",), ("FLAIR", "T1")])
    assert [row.name for row in table.rows] == ["FLAIR+T1+T1ce+T2", "FLAIR+T1", "T1ce"]
    assert not table.complete
    session.begun.clear()
    truth = np.zeros(session.case.grid.shape, np.uint8)
    assert len(run_sweep(session, [("T1ce",)], truth).rows) == 1


def test_progress_rises_from_0_to_1_and_notices_pass_through(session):
    events = list(sweep(session))
    ticks = [e for e in events if isinstance(e, Progress)]
    assert [t.done for t in ticks] == sorted(t.done for t in ticks)
    assert ticks[0].done == 0
    assert ticks[-1].done == ticks[-1].total
    assert "15 of 15: T2" in ticks[-1].stage
    assert [e.text for e in events if isinstance(e, Notice)] == ["smaller windows"]


def test_closing_a_sweep_ends_the_run_of_the_session(session):
    events = sweep(session)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert session.closed == 1
    assert len(session.begun) == 1


def test_cases_that_cannot_be_swept_are_named(session):
    with pytest.raises(InputError, match="give labels on the grid of the case"):
        next(sweep(session, truth=np.zeros((1, 2, 3), np.uint8)))
    session.case = session.case.only(("FLAIR",))
    with pytest.raises(InputError, match="has no T2"):
        next(sweep(session, [("T2",)]))


def test_the_records_hold_a_line_per_subset_and_region(session, run_sweep: Run):
    records = run_sweep(session).records()
    assert len(records) == 45
    assert records[0]["subset"] == "FLAIR+T1+T1ce+T2"
    assert {"case", "model", "reference", "number", "region", "dice", "ml"} <= set(records[0])
    assert records[-1]["number"] == 15


def test_a_measure_that_the_table_lacks_is_refused(session, run_sweep: Run):
    table = run_sweep(session, measures=[VOLUME])
    assert table.measure("ml") is VOLUME
    with pytest.raises(InputError, match="no measure 'dice'"):
        table.measure(DICE.name)


@pytest.mark.slow
def test_a_sweep_encodes_every_modality_once(
    shaspec_model: Model, small_case: Case, run_sweep: Run
):
    session = InferenceSession(shaspec_model, small_case, device="cpu", window=(48, 48, 48))
    encoded: list[int] = []
    encode = session._encode
    session._encode = lambda m, *rest: encoded.append(m) or encode(m, *rest)  # type: ignore[method-assign]
    table = run_sweep(session, truth=small_case.labels)
    assert sorted(encoded) == [0, 1, 2, 3]
    fresh = InferenceSession(shaspec_model, small_case, device="cpu", window=(48, 48, 48))
    *_, last = fresh.predict(["T1", "T2"])
    np.testing.assert_array_equal(table.row(["T1", "T2"]).prediction.labels, last.prediction.labels)
    assert table.model == "tiny-shaspec"


def test_a_training_case_is_called_one(session, run_sweep: Run):
    assert run_sweep(replace(session, seen_in_training=True)).seen_in_training
