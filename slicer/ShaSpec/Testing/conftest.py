"""A scene as the application has it, from slicer-core: Slicer without its window.

These tests run in an environment with slicer-core (``tox run -e slicer``), or in the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import slicer
from slicer import util

import shaspec
from shaspec.case import Case


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty scene, also as ``slicer.mrmlScene``."""
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)  # registers its classes
    modules = SimpleNamespace(segmentations=SimpleNamespace(logic=lambda: logic))
    monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
    monkeypatch.setattr(slicer, "modules", modules, raising=False)
    yield scene
    scene.Clear(1)


@pytest.fixture
def add_volume(scene: Any) -> Callable[..., Any]:
    """Adds a scalar volume from an array (i, j, k) and its matrix to RAS."""

    def add(voxels: np.ndarray[Any, Any], matrix: np.ndarray[Any, Any], name: str) -> Any:
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        util.updateVolumeFromArray(node, np.ascontiguousarray(voxels.transpose(2, 1, 0)))
        node.SetIJKToRASMatrix(util.vtkMatrixFromArray(matrix))
        return node

    return add


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
