"""Heat map of a `ScoreTable`: scores of all subsets and regions."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure

from shaspec.evaluation.report import ABSENT, THERE, ScoreTable, number
from shaspec.files.writing import write_atomically

STEP = 0.42  # width of a column of dots, relative to a column of numbers
INK = "#333333"

ENDINGS = ("png", "svg")
"""Of the files of a figure."""


def heat_map(table: ScoreTable) -> Figure:
    """One row per subset; scores from dark to light, differences from red to blue."""
    values = np.array(list(table.rows.values()), np.float64)
    left = STEP * len(table.leading)
    width = left + values.shape[1]
    figure = Figure(figsize=(1.2 + 0.9 * width, 1.4 + 0.28 * len(values)), layout="constrained")
    axes = figure.add_subplot()
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    norm = TwoSlopeNorm(0, -largest, largest) if table.signed else Normalize(0, max(100, largest))
    colours = "RdBu" if table.signed else "viridis"
    image = axes.pcolormesh(values, cmap=colours, norm=norm, edgecolors="white", linewidth=1)
    for (row, column), value in np.ndenumerate(values):
        if not math.isnan(value):
            light = np.dot(image.cmap(norm(value))[:3], (0.3, 0.59, 0.11)) > 0.5
            text = number(value, 1, table.signed)
            place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
            axes.text(column + 0.5, row + 0.5, text, color="black" if light else "white", **place)
    _dots(axes, table)
    axes.set(xlim=(-left, values.shape[1]), ylim=(len(values), 0), yticks=[])
    axes.xaxis.tick_top()
    places = [STEP * (i + 0.5) - left for i in range(len(table.leading))]
    labels = axes.set_xticks(
        [*places, *(np.arange(values.shape[1]) + 0.5)], [*table.leading, *table.columns]
    )
    for label in labels[: len(places)]:
        label.label2.set(rotation=90, va="bottom")
    axes.tick_params(length=0, labelsize=8, labelcolor=INK)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.6)
    bar.ax.tick_params(labelsize=8, labelcolor=INK)
    figure.suptitle(table.title, fontsize=9, color=INK)
    if table.notes:
        figure.supxlabel("\n".join(table.notes), fontsize=6, color=INK)
    return figure


def save_figure(figure: Figure, stem: Path) -> None:
    """Writes ``stem.png`` and ``stem.svg``."""
    for ending in ENDINGS:
        data = figure_bytes(figure, ending, dpi=150)
        write_atomically(stem.with_name(f"{stem.name}.{ending}"), data)


def figure_files(stem: str) -> tuple[str, ...]:
    """The names of the files that `save_figure` writes."""
    return tuple(f"{stem}.{ending}" for ending in ENDINGS)


def figure_bytes(figure: Figure, ending: str, dpi: int) -> bytes:
    """The file of a figure: png, pdf or svg. Equal figures give equal bytes: no date, no chance."""
    data = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with rc_context({"svg.hashsalt": "shaspec"}):
        figure.savefig(data, format=ending, dpi=dpi, metadata=dates.get(ending))
    return data.getvalue()


def _dots(axes: Any, table: ScoreTable) -> None:
    left = STEP * len(table.leading)
    for row, name in enumerate(table.rows):
        for column, mark in enumerate(table.lead(name)):
            x, y = STEP * (column + 0.5) - left, row + 0.5
            if mark in (THERE, ABSENT):
                fill = INK if mark == THERE else "none"
                axes.scatter(x, y, s=26, facecolor=fill, edgecolor=INK, linewidth=0.8)
            else:
                axes.text(0.1 - left, y, mark, va="center", fontsize=8, color=INK)
