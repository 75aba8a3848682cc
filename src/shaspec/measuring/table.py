"""Measurements as rows for tables, and as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shaspec.errors import InputError
from shaspec.evaluation.tables import Line
from shaspec.files.tables import write_csv
from shaspec.measuring.lesions import Measurements


def measurement_rows(measurements: Measurements) -> list[list[str]]:
    """The lesions as texts.

    Args:
        measurements: of one region.

    Returns:
        A header with units, then a row per lesion.
    """
    unit, length = measurements.unit, measurements.length_unit
    digits = 2 if unit == "mL" else 0
    head = [
        measurements.region,
        unit,
        f"longest {length}",
        f"perpendicular {length}",
        "slice",
        "measurable",
    ]
    return [
        head,
        *(
            [
                str(lesion.number),
                f"{lesion.size:.{digits}f}",
                f"{lesion.longest.length:.1f}",
                f"{lesion.perpendicular.length:.1f}",
                str(lesion.slice),
                "yes" if lesion.measurable else "no",
            ]
            for lesion in measurements.lesions
        ),
    ]


def write_measurements(path: str | Path, measurements: Sequence[Measurements]) -> Path:
    """Write measurements as CSV, a row per lesion.

    The column ``measurable`` is that of `shaspec.measuring.Lesion`; ``slice`` counts from 0 at the
    feet.

    Args:
        path: a ``.csv`` file.
        measurements: of one or more regions or results.

    Returns:
        ``path``.

    Raises:
        InputError: for another ending, nothing to write, or if the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: measurements are written as .csv; change the ending")
    lines: list[Line] = []
    for one in measurements:
        length = one.length_unit
        for lesion in one.lesions:
            lines.append(
                {
                    "case": one.case,
                    "result": one.title,
                    "region": one.region,
                    "lesion": lesion.number,
                    one.unit.lower(): f"{lesion.size:.4f}",
                    f"longest_{length}": f"{lesion.longest.length:.2f}",
                    f"perpendicular_{length}": f"{lesion.perpendicular.length:.2f}",
                    f"product_{length}2": f"{lesion.product:.1f}",
                    "slice": lesion.slice,
                    "slices": lesion.slices,
                    "measurable": "yes" if lesion.measurable else "no",
                }
            )
    if not lines:
        raise InputError(f"{path}: there is no lesion to write")
    write_csv(path, lines)
    return path
