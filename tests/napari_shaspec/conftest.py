"""Fake sessions and small cases for the tests of the plugin, without networks and files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.settings import InferenceSettings
from shaspec.case import Case
from shaspec.errors import WeightsError
from shaspec.geometry import Grid
from shaspec.inference.events import Event, Finished, Progress
from shaspec.io import write_case
from shaspec.models.card import CARD_FILE, Card, Training, bundled_models, model_folder
from shaspec.prediction import Prediction
from shaspec.task import Task, load_task

SHAPE = (24, 32, 40)
CENTRE = (12, 20, 30)  # left of the patient, posterior: nothing about it is symmetric


@pytest.fixture(autouse=True)
def _layers_only_in_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "1")


@pytest.fixture(autouse=True, scope="session")
def _plugin_is_known() -> None:
    """A bare `ViewerModel` does not look for plugins by itself."""
    from npe2 import PluginManager

    PluginManager.instance().discover()


@pytest.fixture(autouse=True)
def notifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What napari was asked to notify; nothing pops up in a test."""
    said: list[str] = []
    monkeypatch.setattr("napari_shaspec.jobs.notifications.info", said.append)
    monkeypatch.setattr("napari_shaspec.jobs.notifications.error", said.append)
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: said.append(repr(error))
    )
    monkeypatch.setattr("napari_shaspec.jobs.notifications.ask", lambda text: said.append(text))
    return said


@pytest.fixture
def no_bugs(notifications: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A test fails where the plugin would report a bug of its own."""
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: pytest.fail(repr(error))
    )


@pytest.fixture(autouse=True)
def own_user_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> Path:
    """Tests write nothing into the data folder of the person who runs them."""
    folder = tmp_path_factory.mktemp("user")
    monkeypatch.setattr(
        "napari_shaspec.user_folder.user_folder", lambda *parts: folder.joinpath(*parts)
    )
    return Path(folder)


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("brats")


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


def ball_labels(grow: int = 0) -> np.ndarray:
    """ET inside ED inside nothing, as uint8 in the codes of the task."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[ball(6 + grow)] = 2
    labels[ball(3)] = 4
    labels[ball(1.5)] = 1
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


@pytest.fixture
def make_case(task: Task) -> Callable[..., Case]:
    def make(
        name: str = "anna",
        present: Iterable[str] = ("FLAIR", "T1", "T1ce", "T2"),
        spacing: tuple[float, float, float] = (2.0, 1.5, 1.0),
        origin: tuple[float, float, float] = (-30.0, -20.0, -10.0),
        seed: int = 0,
    ) -> Case:
        rng = np.random.default_rng(seed)
        grid = Grid(SHAPE, spacing, origin)
        volumes = {
            n: (rng.normal(100, 5, SHAPE) * head() + 120 * ball(6)).astype(np.float32)
            for n in present
        }
        return Case(name, task, grid, volumes, ball_labels())

    return make


@pytest.fixture
def cases(make_case: Callable[..., Case], tmp_path: Path) -> Path:
    """A folder: Anna has everything, Berta no T1, Carl no labels."""
    folder = tmp_path / "cases"
    for name, missing in (("anna", "nothing"), ("berta", "t1"), ("carl", "seg")):
        written = write_case(folder / name, make_case(name))
        for path in written:
            if path.name == f"{name}_{missing}.nii.gz":
                path.unlink()
    return folder


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
            labels = ball_labels(len(subset))
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


@pytest.fixture
def engine(task: Task) -> FakeEngine:
    return FakeEngine(task)


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def controller(viewer: ViewerModel, engine: FakeEngine) -> Iterator[SegmentController]:
    """A controller whose jobs run at once, in this thread."""
    control = SegmentController(viewer, engine=engine, run=run_here)
    yield control
    control.close()


@pytest.fixture(scope="session")
def make_untrained(tmp_path_factory, task):
    """Makes a model folder of the light preset with random weights; returns its path."""

    def make(window: tuple[int, ...]) -> str:
        import torch

        from shaspec.models.registry import build, network_config
        from shaspec.models.weights import save_model

        torch.manual_seed(0)
        config = network_config("shaspec", "light", task)
        card = Card(
            name="untrained",
            title="Untrained",
            licence="none",
            method="shaspec",
            preset="light",
            network=config.model_dump(),
            task=task,
            window=window,
            instant_toggles=True,
        )
        folder = tmp_path_factory.mktemp("models") / "untrained"
        save_model(folder, build("shaspec", config), card)
        return str(folder)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the card of a bundled model: weights are not asked for."""
    folder = tmp_path / "mine"
    folder.mkdir()
    card = model_folder(bundled_models()[0]) / CARD_FILE
    (folder / CARD_FILE).write_bytes(card.read_bytes())
    return folder


@pytest.fixture
def find() -> Callable[..., Any]:
    """Finds a widget of a panel by name and class."""

    def find(panel: QWidget, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        widget = panel.findChild(kind, f"shaspec_{name}")
        assert widget is not None, name
        return widget

    return find


@pytest.fixture
def click(qtbot: Any) -> Callable[[QWidget], None]:
    """Clicks a widget; a check box near its left edge, because it is wider than its text."""

    def click(widget: QWidget) -> None:
        place = widget.rect().center()
        if isinstance(widget, QCheckBox):
            place.setX(8)
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)

    return click
