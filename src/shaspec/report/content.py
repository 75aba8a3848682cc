"""What a report says, whatever it is written as: warnings, sizes, where a result comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shaspec.errors import InputError
from shaspec.inference.command import command_of
from shaspec.prediction import NOT_FOUND_NOTE, Prediction, size_text

USE = "For research use only. Not for diagnosis or treatment."
SEEN = (
    "Seen in training: the model learned from this very case. The result says nothing about how "
    "good the model is."
)
SAME_NAME = (
    "Same name as a training case of the model. If it is the same one, the result says nothing "
    "about how good the model is."
)
EDITED = (
    "Edited by hand: pictures and sizes are those of the edited labels. The command below gives "
    "the result as the model left it."
)
EDITED_ROW = "Rows marked (edited) were changed by hand."
FACTS = (
    "model", "sha256", "version", "subset", "device", "precision", "window", "overlap", "seconds",
    "torch", "machine", "files", "modality_weights", "notices",
)  # fmt: skip


def warnings(pictured: Prediction) -> list[str]:
    """What a reader must know before the result is believed."""
    known = pictured.provenance
    found = [SEEN] if known.get("seen_in_training") else []
    if not found and known.get("same_name_in_training"):
        found = [SAME_NAME]
    return [*found, *([EDITED] if known.get("edited") else [])]


def heading(pictured: Prediction) -> str:
    """Over the pictures."""
    return "Slices through the finding" if pictured.grid.dims == 3 else "The picture"


def shown(pictured: Prediction) -> str:
    """Under the pictures."""
    side = " The patient's right is on the left." if pictured.grid.dims == 3 else ""
    return f"{pictured.subset[0]}; labels from {_name(pictured)}.{side}"


def sizes(predictions: Sequence[Prediction]) -> list[list[str]]:
    """A head, and a row per prediction: the sizes of its regions."""
    task, digits = predictions[0].task, 2 if predictions[0].grid.dims == 3 else 0
    rows = [
        [_name(p), *(size_text(size, digits) for size in p.region_sizes().values())]
        for p in predictions
    ]
    return [["modalities", *task.reported_regions], *rows]


def notes(predictions: Sequence[Prediction]) -> list[str]:
    """Below the table."""
    found = [] if all(p.found_all for p in predictions) else [NOT_FOUND_NOTE]
    if any(p.provenance.get("edited") for p in predictions):
        found.append(EDITED_ROW)
    return found


def facts(pictured: Prediction) -> list[list[str]]:
    """Name and value of what is known of the way the result came about."""
    known = pictured.provenance
    return [[name, _text(known[name])] for name in FACTS if known.get(name)]


def command(pictured: Prediction) -> str:
    """The command that repeats the pictured result, or why there is none."""
    try:
        return command_of(pictured)
    except InputError as error:
        return str(error)


def _name(prediction: Prediction) -> str:
    edited = " (edited)" if prediction.provenance.get("edited") else ""
    return prediction.task.subset_name(prediction.subset) + edited


def _text(value: Any, separator: str = "; ") -> str:
    if isinstance(value, dict):
        return separator.join(f"{key} {_text(item, ', ')}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
