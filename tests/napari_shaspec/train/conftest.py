"""A controller that starts training processes which only yield events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.train.controller import TrainController
from tests.napari_shaspec.train.fake_process import FakeProcess


@dataclass
class Launcher:
    """Makes processes whose behaviour a test sets."""

    options: dict[str, object] = field(default_factory=dict)
    made: list[FakeProcess] = field(default_factory=list)

    def __call__(self, path: Path) -> FakeProcess:
        self.made.append(FakeProcess(path, **self.options))
        return self.made[-1]


@pytest.fixture
def launch(plugin_settings: object) -> Launcher:
    """Settings of a test are removed after it."""
    return Launcher()


@pytest.fixture
def control(launch, tmp_path) -> Iterator[TrainController]:
    control = TrainController(run=run_here, launch=launch, runs=tmp_path / "runs")
    yield control
    control.close()
