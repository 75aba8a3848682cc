"""How many seconds each model took on this computer, kept in napari's preferences."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from napari_shaspec.settings import section

if TYPE_CHECKING:
    from shaspec.prediction import Classification, Prediction


@dataclass(frozen=True)
class Seconds:
    """Of the newest runs; None: there was none."""

    first: float | None = None
    """The first run of a case, encoders and all."""
    toggle: float | None = None
    """A run that was answered from kept features."""
    device: str = ""


NOT_MEASURED = Seconds()


def measured(model: str) -> Seconds:
    """What is known of a model: a bundled name or a folder."""
    return _all().get(model, NOT_MEASURED)


def remember(model: str, prediction: Prediction | Classification, *, first: bool) -> None:
    """Keeps what a run took; ``first``: of the first run of a case."""
    told = prediction.provenance.get("seconds", {})
    if "total" not in told:
        return
    known, total = measured(model), float(f"{told['total']:.2g}")
    device = str(prediction.provenance.get("device", ""))
    if device != known.device:  # seconds of one device say nothing about another
        known = Seconds(device=device)
    if told.get("encode") == 0:
        known = replace(known, toggle=total)
    elif first:
        known = replace(known, first=total)
    kept = section("models")
    if kept is not None and known != measured(model):
        everything = {name: asdict(s) for name, s in (_all() | {model: known}).items()}
        kept.seconds = json.dumps(everything)


def _all() -> dict[str, Seconds]:
    """By model; nothing where there is none, or where someone has put something else there."""
    kept = section("models")
    try:
        return {name: Seconds(**s) for name, s in json.loads(kept.seconds).items()}
    except (AttributeError, ValueError, TypeError):
        return {}
