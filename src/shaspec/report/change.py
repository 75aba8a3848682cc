"""The section of a report on the change since an earlier date: texts, table and plot."""

from __future__ import annotations

import io
import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shaspec.analysis.change import Change, RegionChange
from shaspec.prediction import size_text
from shaspec.task import Task

WIDTH, HEIGHT = 2.1, 1.9  # inches of the plot of one region
CAUTION = (
    "Both dates were segmented by the same model from the same modalities. A change that is "
    "smaller than the error of the model means nothing."
)


def heading(change: Change) -> str:
    """Heading of the section."""
    return f"Change since {change.earlier.case}"


def table(change: Change) -> list[list[str]]:
    """A header, and a row per region."""
    unit, digits = change.unit, 2 if change.unit == "mL" else 0
    head = ["region", f"{change.earlier.case} ({unit})", f"{change.later.case} ({unit})"]
    rows = [
        [row.region, size_text(row.earlier, digits), size_text(row.later, digits),
         f"{row.change:+.{digits}f}", relative_text(row)]
        for row in change.rows
    ]  # fmt: skip
    return [[*head, f"change ({unit})", "change (%)"], *rows]


def relative_text(row: RegionChange) -> str:
    """The relative change in per cent; empty if the region was not there."""
    return "" if math.isnan(row.relative) else f"{100 * row.relative:+.0f}"


def notes(change: Change) -> list[str]:
    """Texts below the table."""
    subset = change.later.task.subset_name(change.later.subset)
    return [f"Segmented from {subset}. {CAUTION}", *change.notices]


def draw_change(figure: Figure, change: Change) -> None:
    """Draw a line per region from the earlier to the later size, each on its own scale from 0."""
    rows = change.rows
    axes = figure.subplots(1, len(rows), squeeze=False)[0]
    for pane, row in zip(axes, rows, strict=True):
        _line(pane, row, change)


def change_png(change: Change) -> bytes:
    """The plot of `draw_change` as PNG."""
    figure = Figure((WIDTH * len(change.rows), HEIGHT), layout="constrained")
    draw_change(figure, change)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=130)
    return data.getvalue()


def record(change: Change) -> dict[str, Any]:
    """The change for programs."""
    return {
        "earlier": change.earlier.case,
        "later": change.later.case,
        "modalities": list(change.later.subset),
        "unit": change.unit,
        "regions": {
            row.region: {
                "earlier": row.earlier,
                "later": row.later,
                "change": row.change,
                "relative": None if math.isnan(row.relative) else row.relative,
            }
            for row in change.rows
        },
        "notices": list(change.notices),
        "earlier_files": {name: str(path) for name, path in change.earlier_case.files.items()},
    }


def _line(pane: Axes, row: RegionChange, change: Change) -> None:
    colour = _colour(change.later.task, row.region)
    pane.plot([0, 1], [row.earlier, row.later], "o-", color=colour, linewidth=2)
    pane.set_ylim(0, 1.15 * max(row.earlier, row.later, 1e-3))
    pane.set_xlim(-0.25, 1.25)
    pane.set_xticks([0, 1], ["earlier", "later"], fontsize=8)
    pane.tick_params("y", labelsize=8)
    pane.set_title(f"{row.region} ({change.unit})", fontsize=9)
    for side in ("top", "right"):
        pane.spines[side].set_visible(False)


def _colour(task: Task, region: str) -> str:
    """The colour of the first label that is in this region and in no smaller one."""
    labels = {r.name: set(r.labels) for r in task.regions}
    smaller = [value for value in labels.values() if value < labels[region]]
    own = labels[region] - set().union(*smaller) or labels[region]
    return next(label.colour for label in task.labels if label.value in own)
