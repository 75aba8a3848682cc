"""Studies and series of DICOM files, from their headers only."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shaspec.dicom.header import Header, read_header
from shaspec.dicom.other import Other, left_out
from shaspec.dicom.placing import Placement, orientation, place
from shaspec.errors import InputError
from shaspec.progress import Report, silent

SHOWN = 3  # files and series that an error names
HIDDEN = "[patient]"
"""Replaces words that identify the patient."""


@dataclass(frozen=True, eq=False)
class Series:
    """One series. No attribute that is shown has words of the patient's name or ID."""

    key: str
    """The number of the series; ``5.1``, ``5.2`` if several have the same number."""
    description: str
    date: str
    """Date of the study, ``YYYY-MM-DD``; empty if unknown."""
    images: int
    orientation: str
    """``axial``, ``sagittal`` or ``coronal``, with ``oblique`` in front if it is tilted by more
    than 5 degrees; ``mixed`` or empty if it is not known."""
    placement: Placement | None
    """Shape and affine of the volume; None if there is a problem."""
    problem: str
    """Why the series cannot be converted; empty if it can."""
    notices: tuple[str, ...]
    headers: tuple[Header, ...] = field(repr=False)

    @property
    def first(self) -> Header:
        """Header of the first file."""
        return self.headers[0]

    @property
    def title(self) -> str:
        """How messages name the series."""
        return f"series {self.key} ({self.description or 'no description'})"

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between columns, rows and slices in mm; zeros if it is not known."""
        if self.placement is None:
            return (*self.first.spacing[::-1], 0.0)
        row, column, step = np.linalg.norm(self.placement.affine[:3, :3], axis=0)
        return (float(row), float(column), float(step))


@dataclass(frozen=True, eq=False)
class Study:
    """One examination of one patient."""

    date: str
    """``YYYY-MM-DD``; empty if unknown."""
    series: tuple[Series, ...]
    """By number."""
    problems: tuple[str, ...]
    """Damaged files that belong to no known series."""
    left_out: tuple[str, ...]
    """Series that are not images of a scan, e.g. reports, with their kind."""
    hidden: re.Pattern[str] | None = field(repr=False)

    def hide(self, text: str) -> str:
        """``text`` with the words that identify the patient replaced by ``[patient]``."""
        return _hide(text, self.hidden)


def read_studies(files: Sequence[Path], progress: Report = silent) -> tuple[Study, ...]:
    """Group DICOM files into studies and series, by their unique identifiers.

    Only headers are read. Files that are not MR, CT or PET images are left out and named.

    Args:
        files: as from `shaspec.dicom.dicom_files`.
        progress: called with ``done``, ``total`` and a text. An exception raised there cancels.

    Returns:
        The studies by date.

    Raises:
        InputError: if there are no images, or images of several patients.
    """
    headers: list[Header] = []
    others: list[Other] = []
    damaged: list[tuple[str, str]] = []
    for done, path in enumerate(files):
        progress(done, len(files), "reading headers")
        try:
            header = read_header(path)
        except InputError as error:
            if isinstance(error.__cause__, ImportError) or "pip install" in str(error):
                raise
            damaged.append((path.name, str(error)))
            continue
        if isinstance(header, Other):
            others.append(header)
        elif header is not None:
            headers.append(header)
    named: list[Header | Other] = [*headers, *others]
    hidden = _pattern(word for each in named for word in each.words)
    problems = tuple(f"file {_hide(name, hidden)}: {text}" for name, text in damaged)
    if not headers:
        first = (*problems, *(_hide(text, hidden) for text in left_out(others)))[:SHOWN]
        text = "".join(f"; {one}" for one in first)
        raise InputError(f"the DICOM files contain no MR, CT or PET images{text}")
    _require_one_patient(headers)
    grouped: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        grouped[header.study].append(header)
    studies = []
    for study, group in grouped.items():
        beside = [o for o in others if o.study == study or o.study not in grouped]
        out = tuple(_hide(text, hidden) for text in left_out(beside))
        studies.append(_study(group, problems, out, hidden))
    return tuple(sorted(studies, key=lambda study: study.date))


def _require_one_patient(headers: Sequence[Header]) -> None:
    """Raise `InputError` if IDs, names or birth dates differ."""
    for values in zip(*(header.patient for header in headers), strict=True):
        patients = {re.sub(r"[\W_]", "", value).casefold() for value in values} - {""}
        if len(patients) > 1:
            raise InputError(
                f"the DICOM files are of {len(patients)} patients (ID, name or birth date differ); "
                "give the folder of one patient"
            )


def _study(
    headers: Sequence[Header],
    problems: tuple[str, ...],
    out: tuple[str, ...],
    hidden: re.Pattern[str] | None,
) -> Study:
    grouped: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        grouped[header.series].append(header)
    groups = sorted(grouped.values(), key=lambda group: (group[0].number or 0, _start(group)))
    counts = Counter(group[0].number or 0 for group in groups)
    seen: Counter[int] = Counter()
    series = []
    for group in groups:
        number = group[0].number or 0
        seen[number] += 1
        key = f"{number}.{seen[number]}" if counts[number] > 1 else str(number)
        series.append(_series(key, group, hidden))
    return Study(_date(headers[0].date), tuple(series), problems, out, hidden)


def _series(key: str, group: Sequence[Header], hidden: re.Pattern[str] | None) -> Series:
    unique = {_identity(header): header for header in group}
    headers = sorted(unique.values(), key=lambda header: header.path)
    notices = []
    if len(unique) < len(group):
        notices.append(f"{len(group) - len(unique)} copies of images were left out")
    images = sum(len(header.positions) for header in headers)
    if headers[0].expected > images:
        notices.append(
            f"has {images} images, its headers mention {headers[0].expected}; check that the "
            "export is complete"
        )
    placement, problem = None, ""
    try:
        if wrong := next((header.pixels for header in headers if header.pixels), ""):
            raise InputError(wrong)
        placement = place(headers)
    except InputError as error:
        problem = str(error)
    return Series(
        key, _hide(headers[0].description, hidden), _date(headers[0].date), images,
        orientation(headers), placement, problem, tuple(notices), tuple(headers),
    )  # fmt: skip


def _identity(header: Header) -> tuple[str, bytes]:
    """What copies of an image have in common. Some programs give all images one identifier."""
    return header.instance or str(header.path), header.positions.tobytes()


def _start(group: Sequence[Header]) -> str:
    return min(header.time for header in group)


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else ""


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Matches words that identify the patient; short ones only as whole words."""
    longest_first = sorted(
        {word.strip() for word in words if len(word.strip()) > 1}, key=len, reverse=True
    )
    parts = [
        re.escape(w) if len(w) > 3 else rf"(?<![^\W_]){re.escape(w)}(?![^\W_])"
        for w in longest_first
    ]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _hide(text: str, hidden: re.Pattern[str] | None) -> str:
    return hidden.sub(HIDDEN, text) if hidden else text
