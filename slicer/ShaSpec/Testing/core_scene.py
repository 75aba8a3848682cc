"""A scene of slicer-core with what the application would have set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import slicer
from slicer import util


@contextmanager
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty scene, also as ``slicer.mrmlScene``, with the logic of the segmentations."""
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


def add_volume(
    scene: Any, voxels: np.ndarray[Any, Any], matrix: np.ndarray[Any, Any], name: str
) -> Any:
    """Add a scalar volume from an array (i, j, k) and its matrix to RAS."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    util.updateVolumeFromArray(node, np.ascontiguousarray(voxels.transpose(2, 1, 0)))
    node.SetIJKToRASMatrix(util.vtkMatrixFromArray(matrix))
    return node
