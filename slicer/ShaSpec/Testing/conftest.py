"""A scene as the application has it, from slicer-core: Slicer without its window.

These tests run in an environment with slicer-core (``tox run -e slicer``), or in the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import core_scene
import numpy as np
import pytest

import shaspec
from shaspec.case import Case


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty scene, also as ``slicer.mrmlScene``."""
    with core_scene.made(monkeypatch) as scene:
        yield scene


@pytest.fixture
def add_volume(scene: Any) -> Callable[..., Any]:
    """Adds a scalar volume from an array (i, j, k) and its matrix to RAS."""
    return partial(core_scene.add_volume, scene)


@pytest.fixture(scope="session")
def head() -> Case:
    """A small head with all modalities."""
    return shaspec.make_case(9_000_001, shape=(40, 48, 44))


@pytest.fixture
def head_in_scene(head: Case, add_volume: Callable[..., Any]) -> dict[str, Any]:
    """Its modalities as volume nodes, named as scans are."""
    grid = head.grid
    return {
        name: add_volume(np.array(grid.to_file(volume)), grid.affine, f"anna_{name.lower()}")
        for name, volume in head.volumes.items()
    }
