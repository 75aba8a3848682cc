"""Measured run times of the models on this computer, stored in napari's preferences."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from napari_shaspec.settings import section

if TYPE_CHECKING:
    from shaspec.prediction import Classification, Prediction


@dataclass(frozen=True)
class Seconds:
    """Seconds of the last runs; None: not measured."""

    first: float | None = None
    """First run on a case, with the encoders."""
    toggle: float | None = None
    """Run from cached features."""
    device: str = ""


NOT_MEASURED = Seconds()


def measured(model: str) -> Seconds:
    """The run times of a model (a bundled name or a folder)."""
    return _all().get(model, NOT_MEASURED)


def remember(model: str, prediction: Prediction | Classification, *, first: bool) -> None:
    """Stores the run time of a prediction; ``first``: it was the first run on its case.

    Times on a server do not count: others may have used it at the same time.
    """
    seconds = prediction.provenance.get("seconds", {})
    if "total" not in seconds or "server" in prediction.provenance:
        return
    times, total = measured(model), float(f"{seconds['total']:.2g}")
    device = str(prediction.provenance.get("device", ""))
    if device != times.device:  # times of another device do not apply
        times = Seconds(device=device)
    if seconds.get("encode") == 0:
        times = replace(times, toggle=total)
    elif first:
        times = replace(times, first=total)
    kept = section("models")
    if kept is not None and times != measured(model):
        everything = {name: asdict(s) for name, s in (_all() | {model: times}).items()}
        kept.seconds = json.dumps(everything)


def _all() -> dict[str, Seconds]:
    """Run times by model; empty if nothing is stored or the setting is invalid."""
    kept = section("models")
    try:
        return {name: Seconds(**s) for name, s in json.loads(kept.seconds).items()}
    except (AttributeError, ValueError, TypeError, RecursionError):
        return {}
