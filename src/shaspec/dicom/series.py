"""Studies and series of DICOM files, from their headers only."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shaspec.dicom.copies import unlike
from shaspec.dicom.header import Header, one_line, read_header
from shaspec.dicom.other import Other, left_out
from shaspec.dicom.patient import Hidden, described, hidden_of, require_one_patient
from shaspec.dicom.placing import Placement, orientation, place
from shaspec.errors import InputError
from shaspec.progress import Report, silent

SHOWN = 3  # files and series that an error names


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
    hidden: Hidden = field(repr=False)

    def hide(self, text: str) -> str:
        """``text`` with the words that identify the patient replaced by ``[patient]``."""
        return self.hidden.hide(text)


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
    damaged: list[tuple[int, str]] = []
    for done, path in enumerate(files):
        progress(done, len(files), "reading headers")
        try:
            header = read_header(path)
        except InputError as error:
            if isinstance(error.__cause__, ImportError) or "pip install" in str(error):
                raise
            damaged.append((done, str(error)))
            continue
        if isinstance(header, Other):
            others.append(header)
        elif header is not None:
            headers.append(header)
    named: list[Header | Other] = [*headers, *others]
    hidden = hidden_of(each.words for each in named)
    problems = tuple(
        f"file {_file_name(files, index, hidden, known=bool(named))}: {text}"
        for index, text in damaged
    )
    if not headers:
        first = (*problems, *left_out(others, hidden))[:SHOWN]
        text = "".join(f"; {one}" for one in first)
        raise InputError(f"the DICOM files contain no MR, CT or PET images{text}")
    require_one_patient(headers, hidden)
    grouped: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        grouped[header.study].append(header)
    studies = []
    for study, group in grouped.items():
        beside = [o for o in others if o.study == study or o.study not in grouped]
        out = left_out(beside, hidden)
        studies.append(_study(group, problems, out, hidden))
    return tuple(sorted(studies, key=lambda study: study.date))


def _file_name(files: Sequence[Path], index: int, hidden: Hidden, *, known: bool) -> str:
    """How messages name a file: its name may have that of the patient, if nobody ``known`` has."""
    if known:
        return hidden.hide(one_line(files[index].name))
    return f"{index + 1} of {len(files)} in the order of their names"


def _study(
    headers: Sequence[Header],
    problems: tuple[str, ...],
    out: tuple[str, ...],
    hidden: Hidden,
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


def _series(key: str, group: Sequence[Header], hidden: Hidden) -> Series:
    unique = {_identity(header): header for header in group}
    headers = sorted(unique.values(), key=lambda header: header.path)
    notices = []
    copies = len(group) - len(unique)
    if copies:
        what = "a copy of an image was" if copies == 1 else f"{copies} copies of images were"
        notices.append(f"{what} left out")
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
        if copies and unlike([(header, unique[_identity(header)]) for header in group]):
            raise InputError("has different images with one identifier; export the series again")
        placement = place(headers)
    except InputError as error:
        problem = str(error)
    return Series(
        key, described(headers[0].description, hidden), _date(headers[0].date), images,
        orientation(headers), placement, problem, tuple(notices), tuple(headers),
    )  # fmt: skip


def _identity(header: Header) -> tuple[str, bytes]:
    """What copies of an image have in common. Some programs give all images one identifier."""
    return header.instance or str(header.path), header.positions.tobytes()


def _start(group: Sequence[Header]) -> str:
    return min(header.time for header in group)


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else ""
