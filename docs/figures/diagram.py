"""Boxes and arrows for the figures of the methods, drawn by matplotlib and saved as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK, PALE = "#22303c", "#8796a5"
SHARED, SPECIFIC, JOINT, DATA = "#f6c28b", "#a9cdec", "#d8d2ee", "#e9edf1"
matplotlib.rcParams |= {"svg.hashsalt": "napari-shaspec", "mathtext.fontset": "stixsans"}


@dataclass(frozen=True)
class Box:
    """A box in the units of its diagram (about inches), by its centre."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> tuple[float, float]:
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x, self.y - self.height / 2

    def left_at(self, y: float) -> tuple[float, float]:
        return self.left[0], y

    def right_at(self, y: float) -> tuple[float, float]:
        return self.right[0], y


class Diagram:
    """A white sheet of ``width`` x ``height``, its origin at the lower left."""

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width, height), facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(0, height)
        self.axes.axis("off")

    def box(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = DATA,
        *,
        width: float = 1.0,
        height: float = 0.42,
        absent: bool = False,
    ) -> Box:
        """A box around (x, y); dashed and empty for an absent modality."""
        rounding = 0.06
        self.axes.add_patch(
            FancyBboxPatch(
                (x - width / 2 + rounding, y - height / 2 + rounding),
                width - 2 * rounding,
                height - 2 * rounding,
                boxstyle=f"round,pad={rounding}",
                facecolor="white" if absent else colour,
                edgecolor=PALE if absent else INK,
                linestyle="--" if absent else "-",
                linewidth=1.0,
                zorder=2,
            )
        )
        self.text(x, y, text, PALE if absent else INK)
        return Box(x, y, width, height)

    def arrow(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        colour: str = INK,
        *,
        dashed: bool = False,
        bend: float = 0.0,
    ) -> None:
        """An arrow between two points; ``bend`` curves it."""
        self.axes.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=9,
                shrinkA=1,
                shrinkB=1,
                color=colour,
                linestyle="--" if dashed else "-",
                linewidth=1.0,
                connectionstyle=f"arc3,rad={bend}",
                zorder=1,
            )
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = INK,
        *,
        size: float = 9,
        align: str = "center",
    ) -> None:
        """A text about (x, y)."""
        self.axes.text(x, y, text, color=colour, size=size, ha=align, va="center", zorder=3)

    def save(self, path: Path) -> None:
        """As SVG; the same drawing gives the same bytes."""
        self.figure.savefig(path, metadata={"Date": None})
