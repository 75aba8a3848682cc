"""Evaluates a model on many cases over all 2^M - 1 subsets, with one set of rules.

The rules are printed with every table and stored next to it, because scores can be compared only if
their rules are known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from shaspec import __version__
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.bootstrap import RESAMPLES, SEED
from shaspec.evaluation.metrics import EMPTY, METRICS, metrics_for
from shaspec.evaluation.scoring import TrueRegion
from shaspec.evaluation.surfaces import Mask
from shaspec.evaluation.tables import Row
from shaspec.files.reading import is_folder, read_json
from shaspec.files.writing import write_atomically
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.prediction import Prediction
from shaspec.task import Subset, Task

PROTOCOL_FILE = "protocol.json"
SMALL_ET = 500
"""Voxels (of 1 mm3) below which published results with ET post-processing remove ET."""


@dataclass(frozen=True)
class Rules:
    """The metrics, and the post-processing of a prediction.

    Raises:
        InputError: for an unknown metric, or metrics without ``dice``.
    """

    metrics: tuple[str, ...] = ()
    """Names of `METRICS`; empty: all that apply to the task."""
    drop_small: dict[str, int] = field(default_factory=dict)
    """Region -> voxels: a prediction with fewer voxels in the whole case counts as empty. Other
    regions do not change, as if its voxels became surrounding tissue."""

    def __post_init__(self) -> None:
        unknown = set(self.metrics) - set(METRICS)
        if unknown or (self.metrics and "dice" not in self.metrics):
            raise InputError(
                f"metrics {', '.join(self.metrics)}: give dice, and optionally any of "
                f"{', '.join(m for m in METRICS if m != 'dice')}"
            )

    @property
    def text(self) -> str:
        """The rules as one line, printed with every table."""
        dropped = [f"{r} under {n} voxels removed" for r, n in self.drop_small.items()]
        return f"{EMPTY}, {', '.join(dropped) or 'no post-processing'}"

    def check(self, task: Task) -> None:
        """Check the rules against a task.

        Args:
            task: the task of the model.

        Raises:
            InputError: if a rule is about a region or unit that the task does not have.
        """
        unknown = set(self.drop_small) - set(task.region_names)
        if unknown:
            raise InputError(
                f"cannot drop region {', '.join(sorted(unknown))}: task {task.name!r} has "
                f"{', '.join(task.region_names)}"
            )

        fit = metrics_for(task.dims)
        unfit = [name for name in self.metrics if name not in fit]
        if unfit:
            raise InputError(
                f"metrics {', '.join(unfit)} do not apply to task {task.name!r}: choose from "
                f"{', '.join(fit)}"
            )

    def measured(self, task: Task) -> tuple[str, ...]:
        """The metrics that are computed for a task.

        Args:
            task: the task of the model.

        Returns:
            Names of `METRICS`.
        """
        return self.metrics or metrics_for(task.dims)

    def applied(self, region: str, mask: Mask) -> Mask:
        """A predicted region as it is scored.

        Args:
            region: name of the region.
            mask: bool (*spatial), what was predicted.

        Returns:
            ``mask``, or an empty one if it has fewer voxels than `drop_small` says.
        """
        small = np.count_nonzero(mask) < self.drop_small.get(region, 0)
        return np.zeros_like(mask) if small else mask


RAW = Rules()


@dataclass(frozen=True)
class GaveWay:
    """Not enough memory: from this subset on, the case ran with other settings."""

    case: str
    subset: str
    window: tuple[int, ...]
    """Size of a window, in voxels or pixels."""
    device: str
    text: str
    """The message for the user."""


def evaluate_case(
    model: Model,
    case: Case,
    subsets: Sequence[Subset] | None = None,
    *,
    rules: Rules = RAW,
    device: str = "auto",
    precision: str = "auto",
    window: Sequence[int] | None = None,
    overlap: float = 0.25,
    gave_way: Callable[[GaveWay], None] = lambda _: None,
) -> Iterator[Row]:
    """Score one case from every subset of its modalities.

    Args:
        model: a segmentation model.
        case: a case with labels.
        subsets: which subsets; default: all of the task. Those that the case does not have are
            skipped.
        rules: metrics and post-processing.
        device: ``auto`` (GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        precision: ``float32``, ``bfloat16``, or ``auto``; see `shaspec.inference.precision`.
        window: voxels (S, P, L), or pixels (row, column); default: that of the model's card.
        overlap: least share of a window that overlaps with the next.
        gave_way: called when a run continues with less memory.

    Yields:
        One row per subset and region. The definitions of the metrics are in `METRICS`.

    Raises:
        InputError: for a case without labels, rules or options that do not fit the task.
        OutOfMemoryError: if not even the smallest window fits into memory.
    """
    if case.labels is None:
        raise InputError(f"case {case.name} has no labels: evaluation needs ground truth")
    task = model.card.task
    rules.check(task)
    masks = task.region_masks(case.labels)
    truth = {
        name: TrueRegion(mask, case.grid.spacing)
        for name, mask in zip(task.region_names, masks, strict=True)
    }
    session = InferenceSession(
        model, case, device=device, precision=precision, window=window, overlap=overlap
    )
    present = set(case.present)
    for subset in (s for s in subsets or task.subsets() if set(s) <= present):
        name = task.subset_name(subset)
        prediction = _predict(session, subset, gave_way)
        masks = task.region_masks(prediction.labels)
        predicted_masks = dict(zip(task.region_names, masks, strict=True))
        for region in task.reported_regions:
            predicted = rules.applied(region, predicted_masks[region])
            scores = truth[region].scores(predicted, rules.measured(task))
            yield Row(case.name, name, region, scores)
    session.release()


def _predict(
    session: InferenceSession, subset: Subset, gave_way: Callable[[GaveWay], None]
) -> Prediction:
    case, name = session.case.name, session.task.subset_name(subset)
    return last_event(
        session.predict(subset),
        notice=lambda text: gave_way(GaveWay(case, name, session.window, session.device, text)),
    ).prediction


def protocol(
    model: Model,
    rules: Rules,
    cases: Sequence[str],
    seen: Collection[str],
    subsets: Sequence[str],
    **settings: Any,
) -> dict[str, Any]:
    """Content of ``protocol.json``: everything needed to interpret and repeat an evaluation."""
    card = model.card
    return {
        "model": card.name,
        "sha256": card.sha256,
        "network": card.method,
        "method": card.training.method or "the card does not say",
        "version": __version__,
        "task": card.task.name,
        "rules": rules.text,
        "drop_small": rules.drop_small,
        "metrics": {name: METRICS[name].definition for name in rules.measured(card.task)},
        "intervals": f"95 % percentile bootstrap over cases, {RESAMPLES} resamples, seed {SEED}",
        "cases": list(cases),
        "seen_in_training": sorted(seen),
        "subsets": list(subsets),
        **settings,
    }


def write_protocol(path: Path, content: dict[str, Any]) -> None:
    """Writes ``protocol.json``."""
    write_atomically(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def rules_beside(paths: Sequence[Path]) -> str:
    """The rules of evaluations, from the ``protocol.json`` in the folder of each."""
    rules = dict.fromkeys(_rules_beside(path) for path in paths)
    return " / ".join(rules)


def _rules_beside(path: Path) -> str:
    file = (path if is_folder(path) else path.parent) / PROTOCOL_FILE
    try:
        return str(read_json(file)["rules"])
    except (InputError, KeyError, TypeError):
        return f"unknown, no {PROTOCOL_FILE} in its folder"
