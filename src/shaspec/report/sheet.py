"""A report as PDF: one A4 page, drawn with matplotlib."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.image import imread

from shaspec.analysis.change import Change
from shaspec.case import Case
from shaspec.measuring import Measurements
from shaspec.prediction import Prediction
from shaspec.report import change as since
from shaspec.report import content
from shaspec.report.pictures import slices_png

A4 = (8.27, 11.69)  # inches
MARGIN = 0.6  # inches
PICTURE = 4.4  # inches, maximum height of the pictures
PLOT = 1.7  # inches, maximum height of a plot
POINTS = 72  # per inch
WARNING = "#fff1d6"
USE = "#8a1c1c"


def case_sheet(
    case: Case,
    predictions: Sequence[Prediction],
    judged: str = "",
    measurements: Sequence[Measurements] = (),
    change: Change | None = None,
) -> bytes:
    """The PDF of a report; arguments as of `shaspec.report.page.case_page`."""
    first = predictions[0]
    sheet = _Sheet()
    sheet.say(case.name, 16, weight="bold")
    sheet.say(case.task.title, 10)
    sheet.say(content.USE, 10, color=USE, weight="bold")
    for text in content.warnings(first):
        sheet.say(text, 9, backgroundcolor=WARNING)
    sheet.head(content.heading(first))
    sheet.picture(slices_png(case, first))
    sheet.say(f"Image: {content.shown(first)}", 8.5)
    labels = first.task.labels
    sheet.legend([(la.colour, f"{la.name} ({la.title})") for la in labels])
    sheet.head(f"Sizes of the regions in {first.grid.unit}")
    sheet.table(content.sizes(predictions))
    for text in content.notes(predictions):
        sheet.say(text, 8.5)
    if notes := content.confidence_notes(first, judged):
        sheet.head("Confidence")
        sheet.table(content.confidence(first))
        for text in notes:
            sheet.say(text, 8.5)
    for one in measurements:
        sheet.head(content.lesion_heading(one))
        sheet.table(content.lesions(one))
        for text in content.lesion_notes(one):
            sheet.say(text, 8.5)
    if change is not None:
        sheet.head(since.heading(change))
        sheet.picture(since.change_png(change), PLOT)
        sheet.table(since.table(change))
        for text in since.notes(change):
            sheet.say(text, 8.5)
    sheet.head("Findings about the input")
    for text in content.findings(case):
        sheet.say(text, 8.5)
    sheet.head("Provenance of the pictured result")
    for name, text in content.facts(first):
        sheet.say(f"{name}: {text}", 6.5)
    sheet.head("Command to reproduce it")
    sheet.say(content.command(first), 6.5)
    return sheet.pdf()


class _Sheet:
    """Writes from top to bottom; if the content does not fit, the page becomes longer."""

    def __init__(self) -> None:
        self._figure = Figure(A4)
        self._at = MARGIN  # inches below the upper edge
        self._put: list[tuple[float, float, str, dict[str, Any]]] = []
        self._images: list[tuple[float, float, float, Any]] = []

    def say(self, text: str, size: float, **style: Any) -> None:
        """Writes a paragraph."""
        wide = (A4[0] - 2 * MARGIN) * POINTS / (0.56 * size)  # a letter is about half as wide
        for line in textwrap.wrap(text, int(wide)) or [""]:
            self._put.append((MARGIN, self._at, line, {"fontsize": size, **style}))
            self._at += 1.35 * size / POINTS
        self._at += 0.25 * size / POINTS

    def head(self, text: str) -> None:
        """Writes a heading."""
        self._at += 0.08
        self.say(text, 10.5, weight="bold")

    def picture(self, png: bytes, highest: float = PICTURE) -> None:
        """Places a picture with the width of the text, limited in height (inches)."""
        image = imread(io.BytesIO(png))
        rows, columns = image.shape[:2]
        width = min(A4[0] - 2 * MARGIN, highest * columns / rows)
        self._images.append((self._at, width, width * rows / columns, image))
        self._at += width * rows / columns + 0.08

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Writes coloured squares with their labels in a row."""
        wide = (A4[0] - 2 * MARGIN) / len(entries)
        for k, (colour, text) in enumerate(entries):
            left = MARGIN + k * wide
            self._put.append((left, self._at, "■", {"fontsize": 9, "color": colour}))
            self._put.append((left + 0.16, self._at, text, {"fontsize": 8}))
        self._at += 0.2

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Writes a table; the first row is the header, numbers are aligned right."""
        wide = 1.1
        if not rows:
            return
        first = A4[0] - 2 * MARGIN - wide * (len(rows[0]) - 1)
        for k, row in enumerate(rows):
            style: dict[str, Any] = {"fontsize": 8.5, "weight": "normal" if k else "bold"}
            self._put.append((MARGIN, self._at, row[0], style))
            for j, cell in enumerate(row[1:], 1):
                at = MARGIN + first + j * wide
                self._put.append((at, self._at, cell, {**style, "ha": "right"}))
            self._at += 0.175

    def pdf(self) -> bytes:
        """The page as PDF."""
        height = max(A4[1], self._at + MARGIN)
        self._figure.set_size_inches(A4[0], height)
        for x, y, text, style in self._put:
            self._figure.text(x / A4[0], 1 - y / height, text, va="top", parse_math=False, **style)
        for y, width, high, image in self._images:
            place = (MARGIN / A4[0], 1 - (y + high) / height, width / A4[0], high / height)
            axes = self._figure.add_axes(place)
            axes.imshow(image, aspect="auto")
            axes.set_axis_off()
        data = io.BytesIO()
        self._figure.savefig(data, format="pdf", dpi=200)
        return data.getvalue()
