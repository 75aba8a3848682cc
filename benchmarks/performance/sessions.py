"""Rows on one case: toggles, all subsets and number formats, each with the labels compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.performance.measure import Row, cpu_seconds, median_seconds
from shaspec.case import Case
from shaspec.inference.precision import has_bfloat16
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.prediction import Prediction
from shaspec.task import Subset

ROUNDS = 3


def predict(session: InferenceSession, subset: Subset) -> Prediction:
    """The result of one subset."""
    *_, last = session.predict(subset)
    return last.prediction


def session_rows(model: Model, case: Case, aims: dict[str, float]) -> Iterator[Row]:
    """Toggle, all subsets and float32 against the first run of ``model`` on ``case``.

    The precision is what the program chooses on this machine.
    """
    name, subsets = model.card.name, case.task.subsets()
    everything = case.present
    predict(InferenceSession(model, case, device="cpu"), everything)  # warm-up
    firsts, toggles, sweeps = [], [], []
    for _ in range(ROUNDS):
        session = InferenceSession(model, case, device="cpu")
        firsts.append(cpu_seconds(partial(predict, session, everything))[0])
        without_one = [s for s in subsets if len(s) == len(everything) - 1]
        toggles.append(median_seconds([partial(predict, session, s) for s in without_one]))
        sweeps.append(cpu_seconds(lambda s=session: [predict(s, x) for x in subsets])[0])
    first, toggle, sweep = (float(np.median(values)) for values in (firsts, toggles, sweeps))
    check = _equal_to_fresh(model, case, session, subsets)
    title = f"{name}, whole case, {session.precision}"
    yield Row(f"{name} toggle", f"toggle, {title}", "first run", toggle, first, check,
              aims.get("toggle"))  # fmt: skip
    yield Row(f"{name} sweep", f"all {len(subsets)} subsets, {title}", "first run", sweep, first,
              check, aims.get("sweep"))  # fmt: skip
    if has_bfloat16(torch.device("cpu")):
        yield _against_float32(model, case, session, toggle)


def _equal_to_fresh(
    model: Model, case: Case, session: InferenceSession, subsets: tuple[Subset, ...]
) -> str:
    """Labels from kept features against those of new sessions, for three subsets."""
    differ = 0
    for subset in (subsets[0], subsets[len(subsets) // 2], subsets[-1]):
        fresh = predict(InferenceSession(model, case, device="cpu"), subset).labels
        differ += int((predict(session, subset).labels != fresh).sum())
    return f"{differ} voxels differ from new runs of 3 subsets"


def _against_float32(model: Model, case: Case, session: InferenceSession, toggle: float) -> Row:
    exact = InferenceSession(model, case, device="cpu", precision="float32")
    predict(exact, case.present)
    subset = case.present[1:]
    reference = median_seconds([partial(predict, exact, subset)] * ROUNDS)
    a, b = (predict(s, subset).labels for s in (exact, session))
    check = f"{(a != b).sum()} of {(a > 0).sum()} labelled voxels differ (benchmarks/precision.py)"
    what = f"toggle, {model.card.name}, {session.precision}"
    return Row(f"{model.card.name} precision", what, "float32", toggle, reference, check)
