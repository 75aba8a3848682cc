"""Writes a report in the format of the file ending, and its content as JSON beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.analysis.change import Change
from shaspec.analysis.judgement import judgement
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.writing import write_atomically
from shaspec.io.outputs import check_output
from shaspec.measuring import Measurements
from shaspec.prediction import Prediction
from shaspec.report.page import case_page
from shaspec.report.record import case_record, is_record, record_path
from shaspec.report.sheet import case_sheet

if TYPE_CHECKING:
    from shaspec.models.card import Card

ENDINGS = (".html", ".htm", ".pdf")


def write_report(
    path: str | Path,
    case: Case,
    predictions: Sequence[Prediction],
    card: Card | None = None,
    measurements: Sequence[Measurements] = (),
    change: Change | None = None,
) -> Path:
    """Write a page on one case: slices, sizes of regions, lesions, findings, provenance.

    The same content is written as JSON beside it, under the same name with the ending ``.json``.

    Args:
        path: ``.html`` or ``.pdf``.
        case: the case.
        predictions: one or more; the first is pictured, each is a row of the table. One whose
            provenance has ``edited`` is marked as edited by hand.
        card: of the model of the first prediction; adds what its scores say about the subset.
        measurements: of regions of the pictured result; a table of lesions for each.
        change: since an earlier date; adds a section on it.

    Returns:
        ``path``.

    Raises:
        InputError: for another ending, predictions on another grid than the case, or if a file
            cannot be written. A JSON file of another program is not replaced.
    """
    path = Path(path)
    for prediction in predictions:
        if not prediction.grid.matches(case.grid):
            raise InputError(
                f"the result from {prediction.task.subset_name(prediction.subset)} is not on the "
                f"grid of case {case.name}: segment the case again"
            )
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path}: a report is written as .html or .pdf; change the ending")
    record = record_path(path)
    check_output(record, case.files.values(), overwrite=is_record(record))
    judged = _judged(predictions, card)
    parts = (judged, measurements, change)
    if ending == ".pdf":
        data = case_sheet(case, predictions, *parts)
    else:
        data = case_page(case, predictions, *parts).encode("utf-8")
    write_atomically(path, data)
    write_atomically(record, case_record(case, predictions, *parts))
    return path


def _judged(predictions: Sequence[Prediction], card: Card | None) -> str:
    """The line of judgement on the first prediction; the range is that of the same model."""
    first = predictions[0]
    if card is None or card.task.names != first.task.names:
        return ""
    model = first.provenance.get("sha256")
    same = [p for p in predictions if p.provenance.get("sha256") == model]
    sizes = {p.subset: p.region_sizes() for p in same if not p.provenance.get("edited")}
    return judgement(card, first.subset, sizes, first.grid.unit)
