"""The earlier part of a run that is resumed, from its log."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from napari_shaspec.loss_curve import LossCurve
from shaspec.training.events import Step, Validation, from_json

LOG = "log.jsonl"


@dataclass(frozen=True)
class Past:
    """What a run has told before."""

    curve: LossCurve = field(default_factory=LossCurve)
    validations: tuple[Validation, ...] = ()


def read_log(folder: Path, until: int) -> Past:
    """What the run in ``folder`` told up to the step ``until``; lines cut off are left out."""
    curve, validations, path = LossCurve(), [], folder / LOG
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        event = from_json(line)
        if isinstance(event, Step) and event.step <= until:
            curve.append(event)
        elif isinstance(event, Validation) and event.step <= until:
            validations.append(event)
    return Past(curve, tuple(validations))
