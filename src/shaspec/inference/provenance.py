"""The provenance of a result: what it was made of, by which model, and how."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import torch

from shaspec import __version__
from shaspec.case import Case
from shaspec.models.card import Seen
from shaspec.models.weights import Model
from shaspec.task import Subset


def provenance(
    model: Model,
    case: Case,
    subset: Subset,
    seconds: Mapping[str, float],
    seen: Seen,
    **settings: Any,
) -> dict[str, Any]:
    """The provenance of a result, JSON-ready.

    Args:
        model: the network and its card.
        case: the case.
        subset: the modalities that were used.
        seconds: of the parts of the run.
        seen: whether the model saw the case in training.
        settings: of the run, e.g. device and window.

    Returns:
        Name -> value.
    """
    card = model.card
    return {
        "case": case.name,
        "model": card.name,
        "source": model.source,
        "sha256": card.sha256,
        "version": __version__,
        "subset": card.task.subset_name(subset),
        "seen_in_training": seen == "by content",
        "same_name_in_training": seen == "by name",
        **settings,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "torch": torch.__version__,
        "machine": platform.machine(),
        **case.origin,
        "notices": list(case.notices),
    }
