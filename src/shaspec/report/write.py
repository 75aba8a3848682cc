"""Writes a report in the format of the file ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.writing import write_atomically
from shaspec.measuring import Measurements
from shaspec.prediction import Prediction
from shaspec.report.page import case_page
from shaspec.report.sheet import case_sheet

ENDINGS = (".html", ".htm", ".pdf")


def write_report(
    path: str | Path,
    case: Case,
    predictions: Sequence[Prediction],
    measurements: Sequence[Measurements] = (),
) -> Path:
    """Write a page on one case: slices, sizes of regions, lesions, provenance.

    Args:
        path: ``.html`` or ``.pdf``.
        case: the case.
        predictions: one or more; the first is pictured, each is a row of the table. One whose
            provenance has ``edited`` is marked as edited by hand.
        measurements: of regions of the pictured result; a table of lesions for each.

    Returns:
        ``path``.

    Raises:
        InputError: for another ending, predictions on another grid than the case, or if the file
            cannot be written.
    """
    path = Path(path)
    for prediction in predictions:
        if not prediction.grid.matches(case.grid):
            raise InputError(
                f"the result from {prediction.task.subset_name(prediction.subset)} is not on the "
                f"grid of case {case.name}: segment the case again"
            )
    ending = path.suffix.lower()
    if ending in ENDINGS[:2]:
        data = case_page(case, predictions, measurements).encode("utf-8")
    elif ending in ENDINGS:
        data = case_sheet(case, predictions, measurements)
    else:
        raise InputError(f"{path}: a report is written as .html or .pdf; change the ending")
    write_atomically(path, data)
    return path
