"""Texts of a report, for HTML and PDF: warnings, sizes and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shaspec.analysis.size_interval import HIGH, LOW, size_intervals
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.command import command_of
from shaspec.measuring import Measurements, measurement_rows
from shaspec.prediction import NOT_FOUND_NOTE, Prediction, size_text

USE = "For research use only. Not for diagnosis or treatment."
SEEN = (
    "Seen in training: this case was in the training set of the model. The result says nothing "
    "about accuracy on new cases."
)
SAME_NAME = (
    "Same name as a training case of the model. If it is the same case, the result says nothing "
    "about accuracy on new cases."
)
EDITED = (
    "Edited by hand: pictures and sizes are those of the edited labels. The command below "
    "reproduces the result of the model without the edits."
)
THRESHOLDS = (
    "Rows marked with a sign such as > 0.30 use another threshold than 0.5 for the probability of "
    "that region."
)
DIAMETERS = (
    "Largest diameter on an axial slice, and the largest perpendicular to it on the same slice, "
    "from the labels. Measurable: both at least 10 mm, on at least two slices (RANO)."
)
INTERVAL = (
    f"Sizes if every region began above a probability of {HIGH} or {LOW} instead of 0.5: how sharp "
    "the edge is that the network draws. This is not a confidence interval."
)
INTERVAL_EDITED = "The sizes at these thresholds are those of the model, before the edits."
EDITED_ROW = "Rows marked (edited) were edited by hand."
FACTS = (
    "model", "sha256", "version", "subset", "device", "precision", "window", "overlap",
    "thresholds", "edits", "seconds", "torch", "machine", "files", "channels",
    "modality_weights", "notices",
)  # fmt: skip


def warnings(pictured: Prediction) -> list[str]:
    """Warnings about the pictured result."""
    provenance = pictured.provenance
    texts = [SEEN] if provenance.get("seen_in_training") else []
    if not texts and provenance.get("same_name_in_training"):
        texts = [SAME_NAME]
    return [*texts, *([EDITED] if provenance.get("edited") else [])]


def heading(pictured: Prediction) -> str:
    """Heading of the pictures."""
    return "Slices through the segmentation" if pictured.grid.dims == 3 else "The picture"


def shown(pictured: Prediction) -> str:
    """Caption of the pictures."""
    side = " The patient's right is on the left." if pictured.grid.dims == 3 else ""
    return f"{pictured.subset[0]}; labels from {pictured.title}.{side}"


def sizes(predictions: Sequence[Prediction]) -> list[list[str]]:
    """Table of region sizes: a header, and one row per prediction."""
    task, digits = predictions[0].task, 2 if predictions[0].grid.dims == 3 else 0
    rows = [
        [p.title, *(size_text(size, digits) for size in p.region_sizes().values())]
        for p in predictions
    ]
    return [["modalities", *task.reported_regions], *rows]


def notes(predictions: Sequence[Prediction]) -> list[str]:
    """Notes below the table."""
    texts = [] if all(p.found_all for p in predictions) else [NOT_FOUND_NOTE]
    if any(p.provenance.get("edited") for p in predictions):
        texts.append(EDITED_ROW)
    if any(p.provenance.get("thresholds") for p in predictions):
        texts.append(THRESHOLDS)
    return texts


def confidence(pictured: Prediction) -> list[list[str]]:
    """Table of size intervals: a header, and one row per region; empty without probabilities."""
    intervals, digits = size_intervals(pictured), 2 if pictured.grid.dims == 3 else 0
    unit, sizes = pictured.grid.unit, pictured.region_sizes()
    head = ["region", unit, f"at {HIGH}", f"at {LOW}"]
    rows = [
        [name, size_text(sizes[name], digits), *(f"{size:.{digits}f}" for size in pair)]
        for name, pair in intervals.items()
    ]
    return [head, *rows] if rows else []


def confidence_notes(pictured: Prediction, judged: str) -> list[str]:
    """Notes of the section on confidence."""
    if not size_intervals(pictured):
        return [judged] if judged else []
    before = [INTERVAL_EDITED] if pictured.provenance.get("edited") else []
    return [*([judged] if judged else []), INTERVAL, *before]


def findings(case: Case) -> list[str]:
    """What was found about the input: missing modalities, and the reader's notices."""
    missing = [f"Missing: {', '.join(case.missing)}."] if case.missing else []
    return [*missing, *case.notices] or ["None."]


def lesion_heading(measurements: Measurements) -> str:
    """Heading of a table of lesions."""
    return f"Lesions of {measurements.region} in the pictured result"


def lesions(measurements: Measurements) -> list[list[str]]:
    """Table of lesions: a header, and a row per lesion."""
    return measurement_rows(measurements)


def lesion_notes(measurements: Measurements) -> list[str]:
    """Notes below a table of lesions."""
    if not measurements.lesions:
        return [f"{measurements.region}: no lesion.", *measurements.notes]
    return [DIAMETERS, *measurements.notes]


def facts(pictured: Prediction) -> list[list[str]]:
    """Names and values of the provenance."""
    provenance = pictured.provenance
    return [[name, _text(provenance[name])] for name in FACTS if provenance.get(name)]


def command(pictured: Prediction) -> str:
    """The command that reproduces the pictured result, or the reason why there is none."""
    try:
        return command_of(pictured)
    except InputError as error:
        return str(error)


def _text(value: Any, separator: str = "; ") -> str:
    if isinstance(value, dict):
        return separator.join(f"{key} {_text(item, ', ')}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
