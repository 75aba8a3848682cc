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
from shaspec.inference.events import Finished, Notice
from shaspec.inference.session import InferenceSession
from shaspec.io.nifti import write_atomically
from shaspec.models.weights import Model
from shaspec.task import Subset, Task

PROTOCOL_FILE = "protocol.json"
SMALL_ET = 500
"""Voxels (of 1 mm3) below which published results with ET post-processing remove ET."""


@dataclass(frozen=True)
class Rules:
    """The metrics, and the post-processing of predictions."""

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
        """Raises `InputError` if a rule names a region or unit that ``task`` does not have."""
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
        """Names of the metrics of ``task``."""
        return self.metrics or metrics_for(task.dims)

    def applied(self, region: str, mask: Mask) -> Mask:
        """``mask`` after post-processing."""
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
    window: Sequence[int] | None = None,
    overlap: float = 0.25,
    gave_way: Callable[[GaveWay], None] = lambda _: None,
) -> Iterator[Row]:
    """Evaluates one case from all subsets (or ``subsets``) of its modalities.

    Args:
        model: the model.
        case: a case with labels.
        subsets: default: all.
        rules: metrics and post-processing.
        device: as for `InferenceSession`.
        window: size of the window in voxels; default: that of the model.
        overlap: of neighbouring windows, as a fraction.
        gave_way: called when settings were changed for lack of memory.

    Yields:
        One row per subset and region.

    Raises:
        InputError: the case has no labels, or the rules do not fit the task.
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
    session = InferenceSession(model, case, device=device, window=window, overlap=overlap)
    present = set(case.present)
    for subset in (s for s in subsets or task.subsets() if set(s) <= present):
        name = task.subset_name(subset)
        for event in session.predict(subset):
            if isinstance(event, Notice):
                gave_way(GaveWay(case.name, name, session.window, session.device, event.text))
            elif isinstance(event, Finished):
                masks = task.region_masks(event.prediction.labels)
                by_region = dict(zip(task.region_names, masks, strict=True))
                for region in task.reported_regions:
                    predicted = rules.applied(region, by_region[region])
                    scores = truth[region].scores(predicted, rules.measured(task))
                    yield Row(case.name, name, region, scores)
    session.release()


def protocol(
    model: Model,
    rules: Rules,
    cases: Sequence[str],
    seen: Collection[str],
    subsets: Sequence[str],
    **settings: Any,
) -> dict[str, Any]:
    """Content of ``protocol.json``: all that is needed to judge and to repeat an evaluation."""
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
    file = (path if path.is_dir() else path.parent) / PROTOCOL_FILE
    try:
        return str(json.loads(file.read_text("utf-8"))["rules"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"unknown, no {PROTOCOL_FILE} in its folder"
