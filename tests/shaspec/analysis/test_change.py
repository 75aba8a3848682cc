"""Two dates of one patient are segmented from what both have, and their sizes compared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.analysis.change import Change, change_job, match_dates, write_change
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.prediction import Prediction
from shaspec.report import write_report
from shaspec.task import load_task

BRATS = load_task("brats")
SHAPE = (6, 7, 8)
subsets = st.sampled_from(BRATS.subsets())


def date(name: str, present: tuple[str, ...] = BRATS.names, size: float = 10.0) -> Case:
    """A case whose volumes depend on its name."""
    random = np.random.default_rng(len(name) + ord(name[-1]))
    volumes = {m: random.normal(100, 5, SHAPE).astype(np.float32) for m in present}
    return Case(name, BRATS, Grid(SHAPE, (size, 1.0, 1.0)), volumes)


class Pretended:
    """Finds as many voxels of ET as its case has modalities, and one more at the later date."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def predict(self, present: tuple[str, ...]) -> Iterator[Any]:
        assert present == self.case.present
        yield Progress(1, 2, "decode")
        labels = np.zeros(SHAPE, np.uint8)
        labels.flat[: len(present) + (self.case.name == "b2")] = 4
        case = self.case
        yield Finished(Prediction(case.name, BRATS, case.grid, present, labels, {"sha256": "f"}))

    def release(self) -> None:
        self.case = None  # type: ignore[assignment]


def run(earlier: Case, later: Case) -> tuple[Change, list[Any]]:
    *events, last = change_job(Pretended, earlier, later)  # type: ignore[arg-type]
    assert isinstance(last, Computed)
    return last.value, events


@given(subsets, subsets)
def test_both_dates_are_segmented_from_what_both_have(one, other) -> None:
    common = [name for name in one if name in other]
    earlier, later = date("a1", one), date("b2", other)
    if not common:
        with pytest.raises(InputError, match="no modality was acquired at both dates"):
            match_dates(earlier, later)
        return
    change, events = run(earlier, later)
    assert change.earlier.subset == change.later.subset == BRATS.subset(common)
    assert {row.region for row in change.rows} == {"ET", "TC", "WT"}
    assert all(row.change == pytest.approx(0.01) for row in change.rows)
    said = " ".join(event.text for event in events if isinstance(event, Notice))
    for case in (earlier, later):
        left = set(case.present) - set(common)
        assert (f"of {case.name} was left out" in said) == bool(left)


def test_progress_goes_from_one_date_to_the_other() -> None:
    _, events = run(date("a1"), date("b2"))
    steps = [(e.done, e.total) for e in events if isinstance(e, Progress) and e.total]
    assert steps == [(1, 4), (3, 4)]


def test_the_same_volume_at_both_dates_is_refused() -> None:
    earlier = date("a1")
    later = date("b2")
    mixed = replace(later, volumes={**later.volumes, "T2": earlier.volumes["T2"].copy()})
    with pytest.raises(InputError, match="T2 of a1 and of b2 is the same volume"):
        match_dates(earlier, mixed)
    match_dates(earlier, mixed, ("FLAIR", "T1"))  # T2 does not take part


def test_a_modality_that_is_asked_for_must_be_there_at_both_dates() -> None:
    with pytest.raises(InputError, match="b2 has no T1ce"):
        match_dates(date("a1"), date("b2", ("FLAIR",)), ("T1ce",))


def test_voxels_of_another_size_are_told() -> None:
    *_, notices = match_dates(date("a1"), date("b2", size=3.0))
    assert "differ in size" in notices[-1]
    assert not match_dates(date("a1"), date("b2", size=10.1))[2]


def test_a_region_that_was_not_there_has_no_relative_change() -> None:
    change, _ = run(date("a1"), date("b2"))
    nothing = replace(change.earlier, labels=np.zeros(SHAPE, np.uint8))
    rows = replace(change, earlier=nothing).rows
    assert all(math.isnan(row.relative) for row in rows)
    assert all(row.later == row.change > 0 for row in rows)


@pytest.mark.parametrize("ending", [".html", ".pdf"])
def test_the_report_has_a_section_on_the_change(tmp_path: Path, ending: str) -> None:
    change, _ = run(date("a1"), date("b2", ("FLAIR", "T2")))
    page = write_report(tmp_path / f"r{ending}", change.later_case, [change.later], change=change)
    if ending == ".html":
        text = page.read_text("utf-8")
        assert "Change since a1" in text
        assert "<td>+50</td>" in text  # two voxels, then three
        assert "of a1 was left out" in text
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))["change"]
    assert found["modalities"] == ["FLAIR", "T2"]
    assert found["regions"]["ET"]["change"] == pytest.approx(0.01)
    table = write_change(tmp_path / "change.csv", change).read_text("utf-8")
    assert "a1,b2,FLAIR+T2,ET,0.0200,0.0300,0.0100,0.500000" in table
