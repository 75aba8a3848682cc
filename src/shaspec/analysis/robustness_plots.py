"""Draws the figures of a sweep into a given matplotlib figure, for a file or a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shaspec.analysis.shapley import contributions
from shaspec.analysis.subset_table import Measure, SubsetTable, subsets_of
from shaspec.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "viridis"  # light is good; readable in grey and with colour blindness


@dataclass(frozen=True)
class Ink:
    """Colours of text, lines and background."""

    text: str = "#1a1a1a"
    faint: str = "#c9c9c9"
    paper: str = "#ffffff"


@dataclass(frozen=True)
class HeatMapAxes:
    """Layout of a heat map: row k of ``subsets_of(modalities)`` is at k <= y < k + 1."""

    axes: Axes
    columns: dict[str, tuple[float, float]]
    """Model -> left and right edge of its block."""


def draw_heat_map(
    figure: Figure, tables: Sequence[SubsetTable], measure: Measure, ink: Ink | None = None
) -> HeatMapAxes:
    """Draws a heat map: one row per subset, with dots for its modalities, one block per table.

    All tables are of the same case; missing rows are blank. A measure without limits is coloured
    from 0 to the largest value of the region.
    """
    ink = ink or Ink()
    first = tables[0]
    _check(tables)
    subsets, regions = subsets_of(first.modalities), first.regions
    axes = _axes(figure, ink)
    count = len(first.modalities)
    for k, subset in enumerate(subsets):
        marks = [m in subset for m in first.modalities]
        x = np.arange(count) + 0.5
        colours = [ink.text if present else ink.faint for present in marks]
        axes.scatter(x, [k + 0.5] * count, s=26, c=colours, linewidths=0)
    ticks = [(k + 0.5, name) for k, name in enumerate(first.modalities)]
    shades = _shades(tables, measure)
    columns: dict[str, tuple[float, float]] = {}
    for index, table in enumerate(tables):
        left = count + 0.25 + index * (len(regions) * WIDE + 0.25)
        columns[table.model] = (left, left + len(regions) * WIDE)
        ticks += [(left + (j + 0.5) * WIDE, name) for j, name in enumerate(regions)]
        _draw_cells(axes, left, table, measure, shades[index], ink)
        if len(tables) > 1:
            axes.annotate(
                table.model,
                (left + len(regions) * WIDE / 2, 0),
                (0, 18),
                textcoords="offset points",
                ha="center",
                color=ink.text,
                fontsize=8,
                fontweight="bold",
            )
    right = count + len(tables) * (len(regions) * WIDE + 0.25)
    for k in range(1, len(subsets)):
        if len(subsets[k]) != len(subsets[k - 1]):
            axes.axhline(k, color=ink.paper, linewidth=3)
    axes.set(xlim=(0, right), ylim=(len(subsets), 0), yticks=[])
    axes.set_xticks([x for x, _ in ticks], [name for _, name in ticks], fontsize=8)
    axes.xaxis.tick_top()
    return HeatMapAxes(axes, columns)


def draw_contributions(
    figure: Figure, tables: Sequence[SubsetTable], measure: Measure, ink: Ink | None = None
) -> None:
    """Draws Shapley values as bars: one per modality and region, one plot per table.

    The tables must be complete, and the measure finite.
    """
    ink = ink or Ink()
    _check(tables)
    task, regions = tables[0].task, tables[0].regions
    colour_of = {label.value: label.colour for label in task.labels}
    colours = {region.name: colour_of[region.paints] for region in task.regions}
    values = [contributions(table, measure) for table in tables]
    ends = [v for by_region in values for region in by_region.values() for v in region.values()]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.16 * ((high - low) or 1.0)
    figure.clear()
    figure.set_facecolor(ink.paper)
    plots = figure.subplots(len(tables), 1, squeeze=False, sharex=True)[:, 0]
    height = 0.8 / len(regions)
    for axes, table, by_region in zip(plots, tables, values, strict=True):
        _tidy(axes, ink)
        places = np.arange(len(table.modalities))
        for j, region in enumerate(regions):
            offsets = places - 0.4 + (j + 0.5) * height
            lengths = [by_region[region][m] for m in table.modalities]
            axes.barh(offsets, lengths, 0.92 * height, color=colours[region], label=region)
            for y, length in zip(offsets, lengths, strict=True):
                axes.annotate(
                    f"{length:+.{min(measure.digits, 2)}f}",
                    (length, y),
                    (3 if length >= 0 else -3, 0),
                    textcoords="offset points",
                    ha="left" if length >= 0 else "right",
                    va="center",
                    color=ink.text,
                    fontsize=7,
                )
        axes.axvline(0, color=ink.text, linewidth=0.8)
        axes.set(ylim=(len(table.modalities) - 0.5, -0.5))
        axes.set(xlim=(low - room if low < 0 else 0, high + room))
        axes.set_yticks(places, table.modalities, fontsize=8)
        if len(tables) > 1:
            axes.set_title(table.model, color=ink.text, fontsize=8, fontweight="bold")
    plots[-1].set_xlabel(f"Shapley value, {measure.title}", color=ink.text, fontsize=8)
    legend = plots[0].legend(
        ncols=len(regions), fontsize=8, frameon=False, labelcolor=ink.text,
        loc="lower center", bbox_to_anchor=(0.5, 1.1 if len(tables) > 1 else 1.0),
    )  # fmt: skip
    legend.set_in_layout(True)


WIDE = 1.5  # width of a cell with a number, relative to a dot


def _draw_cells(
    axes: Axes,
    left: float,
    table: SubsetTable,
    measure: Measure,
    shades: npt.NDArray[np.float64],
    ink: Ink,
) -> None:
    """Draws a block of coloured numbers; ``shades`` (rows, regions) 0 to 1, NaN: no value."""
    from matplotlib import colormaps

    rows, columns = shades.shape
    colours = colormaps[COLOURS](np.nan_to_num(shades))
    colours[np.isnan(shades)] = 0  # transparent
    extent = (left, left + columns * WIDE, rows, 0)
    axes.imshow(colours, extent=extent, aspect="auto", interpolation="nearest")
    for k, subset in enumerate(subsets_of(table.modalities)):
        row = table.row(subset)
        for j, region in enumerate(table.regions):
            if row is not None:
                text = measure.words(row.values[measure.name][region])
                words = " " in text  # two words on two lines
                light = float(colours[k, j, :3] @ (0.299, 0.587, 0.114)) > 0.55
                axes.text(
                    left + (j + 0.5) * WIDE,
                    k + 0.5,
                    text.replace(" ", "\n"),
                    ha="center",
                    va="center" if words else "center_baseline",
                    color=("#000000" if light else "#ffffff")
                    if not np.isnan(shades[k, j])
                    else ink.text,
                    fontsize=6 if words else 8,
                    linespacing=0.9,
                )


def _shades(tables: Sequence[SubsetTable], measure: Measure) -> list[npt.NDArray[np.float64]]:
    """Per table (rows, regions): 0 is worst, 1 is best; NaN: no finite value."""
    order = subsets_of(tables[0].modalities)
    blocks = []
    for table in tables:
        rows = [table.row(subset) for subset in order]
        values = [
            [math.nan if r is None else r.values[measure.name][region] for region in table.regions]
            for r in rows
        ]
        block = np.array(values, np.float64)
        block[~np.isfinite(block)] = np.nan
        blocks.append(block)
    if measure.limits is not None:
        low, high = measure.limits
        scaled = [(block - low) / (high - low) for block in blocks]
    else:
        finite = np.nan_to_num(np.concatenate(blocks))
        scaled = [block / np.maximum(finite.max(axis=0), 1e-9) for block in blocks]
    return [1 - block if measure.best == "low" else block for block in scaled]


def _check(tables: Sequence[SubsetTable]) -> None:
    first = tables[0]
    for table in tables:
        if (table.modalities, table.regions) != (first.modalities, first.regions):
            raise InputError(
                f"models {first.model} and {table.model} have different modalities or regions and "
                "cannot be shown in one figure: select models of the same task"
            )


def _axes(figure: Figure, ink: Ink) -> Axes:
    figure.clear()
    figure.set_facecolor(ink.paper)
    axes = figure.subplots()
    _tidy(axes, ink)
    return axes


def _tidy(axes: Axes, ink: Ink) -> None:
    axes.set_facecolor(ink.paper)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=ink.text, length=0, labelsize=8)
