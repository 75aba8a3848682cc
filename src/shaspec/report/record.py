"""The content of a report for programs: JSON beside the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shaspec import __version__
from shaspec.analysis.change import Change
from shaspec.analysis.size_interval import size_intervals
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.reading import open_regular
from shaspec.measuring import Lesion, Measurements
from shaspec.prediction import Prediction
from shaspec.report import change as since
from shaspec.report import content

FORMAT = "napari-shaspec report, version 1"
"""The first entry. It marks the file as one of this program, which may be replaced."""
MARK, HEAD = b"napari-shaspec report", 200  # of any version, within the first bytes


def record_path(page: Path) -> Path:
    """The JSON file beside a page: the same name with the ending ``.json``."""
    return page.with_suffix(".json")


def is_record(path: Path) -> bool:
    """True for an earlier report of this program; False for any other file, or none."""
    try:
        with open_regular(path) as file:
            return MARK in file.read(HEAD)
    except (InputError, OSError):
        return False


def case_record(
    case: Case,
    predictions: Sequence[Prediction],
    judged: str = "",
    measurements: Sequence[Measurements] = (),
    change: Change | None = None,
) -> bytes:
    """The report on one case as JSON.

    Args:
        case: the case.
        predictions: one or more; the first is the pictured one.
        judged: what the model's scores say about the first one, see `shaspec.analysis.judgement`.
        measurements: of regions of the pictured result.
        change: since an earlier date, if there is one.

    Returns:
        UTF-8 text. Sizes are in ``unit``: mL, or px for pictures.
    """
    first = predictions[0]
    command = content.command(first)
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "case": case.name,
        "task": case.task.name,
        "use": content.USE,
        "unit": first.grid.unit,
        "spacing": list(case.grid.spacing),
        "files": {name: str(path) for name, path in case.files.items()},
        "missing": list(case.missing),
        "findings": list(case.notices),
        "warnings": content.warnings(first),
        "judgement": judged,
        "results": [_result(prediction) for prediction in predictions],
        "lesions": {
            one.region: [_lesion(lesion) for lesion in one.lesions] for one in measurements
        },
        "change": None if change is None else since.record(change),
        "command": command if command.startswith("shaspec") else None,
    }
    return json.dumps(record, indent=1, ensure_ascii=False, default=str).encode("utf-8")


def _result(prediction: Prediction) -> dict[str, Any]:
    return {
        "title": prediction.title,
        "modalities": list(prediction.subset),
        "edited": bool(prediction.provenance.get("edited")),
        "thresholds": prediction.thresholds,
        "sizes": prediction.region_sizes(),
        "size_intervals": size_intervals(prediction),
        "provenance": prediction.provenance,
    }


def _lesion(lesion: Lesion) -> dict[str, Any]:
    return {
        "size": lesion.size,
        "longest": lesion.longest.length,
        "perpendicular": lesion.perpendicular.length,
        "slice": lesion.slice,
        "measurable": lesion.measurable,
    }
