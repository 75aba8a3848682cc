"""A folder for results that is not there yet."""

from __future__ import annotations

from pathlib import Path

from shaspec.files.reading import exists

NUMBERS = 100  # tried


def free_folder(place: Path, mark: str) -> Path:
    """``place``, or the first of ``place`` with ``mark`` and a number that is not there yet."""
    names = [place.name, *(f"{place.name}{mark}{number}" for number in range(2, NUMBERS))]
    places = [place.with_name(name) for name in names]
    return next((one for one in places if not exists(one)), places[-1])
