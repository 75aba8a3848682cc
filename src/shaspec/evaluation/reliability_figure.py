"""Reliability diagrams: a row per region, a column per number of present modalities."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from shaspec.evaluation.calibration import Counts, reliability

BEFORE, AFTER = "#999999", "#0072b2"


def reliability_figure(counts: Counts, temperature: Mapping[str, float], title: str) -> Figure:
    """Draw predicted against observed frequencies.

    Args:
        counts: of uncalibrated probabilities.
        temperature: region -> temperature of the second curve.
        title: above the diagrams.

    Returns:
        A figure; on the dashed diagonal, probabilities equal frequencies.
    """
    regions, sizes = list(temperature), list(counts)
    size = 1.0 + 1.8 * len(sizes), 0.9 + 1.8 * len(regions)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(regions), len(sizes), sharex=True, sharey=True, squeeze=False)
    for row, region in zip(grid, regions, strict=True):
        for axes, number in zip(row, sizes, strict=True):
            axes.plot([0, 1], [0, 1], color="black", linewidth=0.6, linestyle="--")
            for name, t, colour in (
                ("as computed", 1.0, BEFORE),
                ("calibrated", temperature[region], AFTER),
            ):
                bins = reliability(counts[number][region], t)
                label = f"{name}: {100 * bins.error:.1f} %"
                axes.plot(bins.predicted, bins.observed, ".-", color=colour, label=label)
            axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
            axes.tick_params(labelsize=7)
            axes.legend(fontsize=6, frameon=False, loc="upper left")
            if row is grid[0]:
                axes.set_title(f"{number} modalit{'y' if number == 1 else 'ies'}", fontsize=8)
        row[0].set_ylabel(f"{region}: share of voxels", fontsize=8)
    figure.supxlabel("probability", fontsize=8)
    figure.suptitle(title, fontsize=9)
    return figure
