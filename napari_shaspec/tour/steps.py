"""The steps of the guided tour, read from ``tour.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class TourStep:
    """One step. ``action`` names the method of `TourActions` that runs it."""

    title: str
    action: str
    text: str
    """Two or three sentences on the step."""
    ask: str
    """A question for the class."""


def load_steps() -> tuple[TourStep, ...]:
    """The steps in order; line breaks become spaces."""
    text = resources.files("napari_shaspec.tour").joinpath("tour.toml").read_text("utf-8")
    return tuple(
        TourStep(**{key: " ".join(value.split()) for key, value in step.items()})
        for step in tomllib.loads(text)["step"]
    )
