"""One model on many cases over all 2^M - 1 subsets, by one set of rules.

Rules, printed with every table: both empty counts 1, one empty 0; no post-processing; a prediction
is compared on the grid of the case.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.metrics import dice
from shaspec.inference.events import Finished
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.task import Subset

RULES = "both empty = 1, one empty = 0, no post-processing"


@dataclass(frozen=True)
class Row:
    """One region of one case under one subset."""

    case: str
    subset: str
    region: str
    dice: float


def evaluate_case(
    model: Model,
    case: Case,
    subsets: Sequence[Subset] | None = None,
    *,
    device: str = "auto",
    window: Sequence[int] | None = None,
    overlap: float = 0.25,
) -> Iterator[Row]:
    """Rows of one case, all subsets of the modalities that it has (or ``subsets``)."""
    if case.labels is None:
        raise InputError(f"case {case.name} has no labels: there is nothing to compare with")
    task = model.card.task
    truth = dict(zip(task.region_names, task.region_masks(case.labels), strict=True))
    session = InferenceSession(model, case, device=device, window=window, overlap=overlap)
    there = set(case.present)
    for subset in subsets or [s for s in task.subsets() if set(s) <= there]:
        for event in session.segment(subset):
            if isinstance(event, Finished):
                masks = task.region_masks(event.prediction.labels)
                found = dict(zip(task.region_names, masks, strict=True))
                for region in task.reported_regions:
                    score = dice(found[region], truth[region])
                    yield Row(case.name, task.subset_name(subset), region, score)
    session.release()


def summary(rows: Iterable[Row]) -> list[dict[str, str | float]]:
    """Per subset and region, and over the mean of all subsets: mean and median over the cases."""
    rows = list(rows)
    subsets = list(dict.fromkeys(r.subset for r in rows))
    regions = list(dict.fromkeys(r.region for r in rows))
    table: list[dict[str, str | float]] = []
    for region in regions:
        mine = [r for r in rows if r.region == region]
        for subset in subsets:
            values = [r.dice for r in mine if r.subset == subset]
            table.append(_line(subset, region, values))
        names = dict.fromkeys(r.case for r in mine)
        per_case = [float(np.mean([r.dice for r in mine if r.case == name])) for name in names]
        table.append(_line(f"mean of {len(subsets)}", region, per_case))
    return table


def write_csv(path: Path, rows: Sequence[Row] | Sequence[dict[str, str | float]]) -> None:
    """A CSV file, written at once or not at all."""
    lines = [asdict(r) if isinstance(r, Row) else r for r in rows]
    names = list(lines[0]) if lines else [f.name for f in fields(Row)]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(
            {k: f"{v:.6f}" if isinstance(v, float) else v for k, v in line.items()}
            for line in lines
        )
    os.replace(temporary, path)


def _line(subset: str, region: str, values: list[float]) -> dict[str, str | float]:
    return {
        "subset": subset,
        "region": region,
        "cases": str(len(values)),
        "mean": float(np.mean(values)),
        "median": float(np.median(values)),
    }
