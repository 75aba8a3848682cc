"""The guided tour as data: what a class reads at each step, from ``tour.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Step:
    """One step. ``deed`` names the method of `TourActions` that does it."""

    title: str
    deed: str
    text: str
    """What to look at, and why: two or three sentences."""
    ask: str
    """A question to the class."""


def load_steps() -> tuple[Step, ...]:
    """The steps in their order; line breaks of the file are spaces."""
    text = resources.files("napari_shaspec.tour").joinpath("tour.toml").read_text("utf-8")
    return tuple(
        Step(**{key: " ".join(value.split()) for key, value in step.items()})
        for step in tomllib.loads(text)["step"]
    )
