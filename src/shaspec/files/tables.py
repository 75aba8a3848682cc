"""Writing of CSV tables, one format for all of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shaspec.files.writing import write_atomically


def write_csv(
    path: Path, lines: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), nan: str = ""
) -> Path:
    """Write a CSV file atomically; floats have six decimals.

    Args:
        path: file to write.
        lines: column -> cell, in the order of the first line.
        columns: header of a table without lines.
        nan: cell of a float that is NaN.

    Returns:
        ``path``.

    Raises:
        InputError: if the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(lines[0]) if lines else columns)
    writer.writeheader()
    writer.writerows({name: _cell(value, nan) for name, value in line.items()} for line in lines)
    write_atomically(path, text.getvalue().encode())
    return path


def _cell(value: Any, nan: str) -> str:
    if isinstance(value, float):
        return nan if math.isnan(value) else f"{value:.6f}"
    return "" if value is None else str(value)
