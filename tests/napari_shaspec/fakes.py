"""A fake engine and fake sessions that segment a ball, without networks and files."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_shaspec.settings import InferenceSettings
from shaspec.case import Case
from shaspec.errors import WeightsError
from shaspec.inference.events import Event, Finished, Progress
from shaspec.models.card import Card, Training
from shaspec.prediction import Prediction
from shaspec.task import Task

SHAPE = (24, 32, 40)


CENTRE = (12, 20, 30)  # left of the patient, posterior: nothing about it is symmetric


def ball(radius: float, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Mask (S, P, L) of a ball about CENTRE, scaled to ``shape``."""
    middle = np.array(CENTRE) * np.array(shape) / np.array(SHAPE)
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    distance = sum((a - m) ** 2 for a, m in zip(axes, middle, strict=True))
    return np.asarray(distance <= radius**2)


def head() -> np.ndarray:
    """Mask (S, P, L) that fills the field of view but for its margin."""
    mask = np.zeros(SHAPE, bool)
    mask[2:-2, 2:-2, 2:-2] = True
    return mask


def ball_labels(grow: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """ET inside ED inside nothing, as uint8 in the codes of the task."""
    labels = np.zeros(shape, np.uint8)
    labels[ball(6 + grow, shape)] = 2
    labels[ball(3, shape)] = 4
    labels[ball(1.5, shape)] = 1
    return labels


def soft_maps(task: Task, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Probabilities whose half is the edge of each region: 0.8 within, 0.3 next to it, else 0.1."""
    maps = {}
    for name, mask in zip(task.region_names, task.region_masks(labels), strict=True):
        near = mask.copy()
        for axis in range(3):
            near |= np.roll(mask, 1, axis) | np.roll(mask, -1, axis)
        maps[name] = np.where(mask, 0.8, np.where(near, 0.3, 0.1)).astype(np.float32)
    return maps


@dataclass
class FakeSession:
    """Takes ``windows`` steps per subset, fewer once it has seen the modalities."""

    case: Case
    windows: int = 4
    pause: float = 0.0
    error: Exception | None = None
    keeps: bool = True
    device: str = "cpu"
    seen_in_training: bool = False
    kept: set[str] = field(default_factory=set)
    begun: list[str] = field(default_factory=list)
    released: int = 0
    closed: int = 0
    threads: set[int] = field(default_factory=set)
    with_maps: list[str] = field(default_factory=list)
    """The runs that were asked for probabilities."""

    def predict(self, present: Iterable[str], *, probabilities: bool = False) -> Iterator[Event]:
        task = self.case.task
        subset = task.subset(present)
        self.case.only(subset)
        self.begun.append(task.subset_name(subset))
        self.threads.add(threading.get_ident())
        try:
            for step in range(self.windows):
                if self.pause:
                    time.sleep(self.pause)
                if self.error is not None and step == 1:
                    raise self.error
                yield Progress(step + 1, self.windows, "decode")
            if self.keeps:
                self.kept |= set(subset)
            labels = ball_labels(len(subset), self.case.grid.shape)
            maps = soft_maps(task, labels) if probabilities else {}
            self.with_maps += [self.begun[-1]] if probabilities else []
            where = {
                "device": self.device,
                "seconds": {"total": 1.25},
                "model": "fake",
                "sha256": "f",
            }
            grid = self.case.grid
            yield Finished(Prediction(self.case.name, task, grid, subset, labels, where, maps))
        finally:
            self.closed += 1

    def is_kept(self, present: Iterable[str]) -> bool:
        return set(present) <= self.kept

    def release(self) -> None:
        self.released += 1
        self.kept.clear()


class FakeEngine:
    """Two models, `instant` and `slow`, and sessions whose behaviour a test sets."""

    where = ""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.options: dict[str, Any] = {}
        self.sessions: list[FakeSession] = []
        self.trained_on: tuple[str, ...] = ()

    def models(self) -> list[str]:
        return ["instant", "slow"]

    def card(self, model: str) -> Card:
        if model not in self.models():
            raise WeightsError(f"no model {model!r}: give a folder with card.json")
        return Card(
            name=model,
            title=f"The {model} one",
            licence="research use only",
            method="fake",
            preset="light",
            network={},
            task=self.task,
            window=(16, 16, 16),
            instant_toggles=model == "instant",
            training=Training(cases=self.trained_on),
            sha256="f" if model == "instant" else "",  # as its results say
        )

    def session(self, model: str, case: Case, settings: InferenceSettings) -> FakeSession:
        seen = case.name in self.trained_on
        options = {"keeps": model == "instant", "seen_in_training": seen} | self.options
        self.sessions.append(FakeSession(case, **options))
        return self.sessions[-1]
