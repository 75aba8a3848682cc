"""The scene of Slicer as the controller sees it, and the choices of the panel kept in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ShaSpecLib import nodes
from ShaSpecLib.controller import Controller, State, Volume
from ShaSpecLib.runner import Fields

MODULE = "ShaSpec"
MODEL = "model"


class SceneWorld:
    """Reads volumes from a scene and adds results to it.

    Args:
        scene: e.g. ``slicer.mrmlScene``.
        show_chart: called with chart and table of a sweep, to make them visible.
    """

    def __init__(
        self, scene: Any, show_chart: Callable[[Any, Any], None] = lambda *_: None
    ) -> None:
        self._scene, self._show_chart = scene, show_chart

    def volumes(self) -> Mapping[str, Volume]:
        return {
            node.GetID(): Volume(node.GetName() or node.GetID(), nodes.dicom_file(node))
            for node in nodes.volumes(self._scene)
        }

    def write(self, volume: str, path: Path) -> None:
        nodes.write_volume(self._node(volume), path)

    def source(self, volume: str) -> Path | None:
        return nodes.source_file(self._node(volume))

    def show_result(self, path: Path, result: Fields, *, surfaces: bool) -> None:
        name = self._scene.GenerateUniqueName(f"seg · {result['subset']}")
        made = result.get("provenance", {})
        facts = {"Subset": result["subset"]} | {
            title: made[key]
            for title, key in (("Model", "model"), ("Version", "version"), ("SHA256", "sha256"))
            if key in made
        }
        node = nodes.read_segmentation(self._scene, path, name, facts)
        table = self._scene.GenerateUniqueName(f"volumes · {result['subset']}")
        nodes.size_table(self._scene, table, result)
        if surfaces:
            nodes.show_surfaces(node)

    def show_subsets(self, rows: Sequence[Fields]) -> None:
        if rows:
            table = nodes.subset_table(self._scene, "subsets", rows)
            chart = nodes.subset_chart(self._scene, "subsets", table, rows)
            self._show_chart(chart, table)

    def _node(self, volume: str) -> Any:
        node = self._scene.GetNodeByID(volume)
        if node is None:
            raise ValueError("a volume was removed from the scene: choose another one")
        return node


def remember(scene: Any, state: State) -> None:
    """Keep the choices in the scene, so that they are saved with it."""
    node = _parameter_node(scene)
    node.SetParameter(MODEL, state.model)
    for row in state.rows:
        node.SetParameter(f"use {row.modality}", str(int(row.used)))
        node.SetParameter(f"none {row.modality}", str(int(row.chosen and not row.volume)))
        node.SetNodeReferenceID(row.modality, row.volume or None)


def recall(scene: Any, modalities: Sequence[str]) -> tuple[str, dict[str, tuple[str, bool]]]:
    """The model of the scene (empty: none), and volume and tick by modality."""
    node = _parameter_node(scene)
    return node.GetParameter(MODEL) or "", {
        name: (node.GetNodeReferenceID(name) or "", node.GetParameter(f"use {name}") != "0")
        for name in modalities
    }


def restore(scene: Any, controller: Controller) -> None:
    """Make the choices that were kept in a scene, if there are any and the model is there."""
    model, _ = recall(scene, ())
    if not model:
        return
    if model != controller.state.model:
        try:
            controller.choose_model(model)
        except ValueError as error:  # e.g. a model folder of another computer
            controller.say(f"The model of this scene cannot be used: {error}")
            return
        except ImportError:  # the engine is not installed yet
            return
    _, chosen = recall(scene, [row.modality for row in controller.state.rows])
    there = controller.world.volumes()
    node = _parameter_node(scene)
    for modality, (volume, used) in chosen.items():
        if volume in there:
            controller.assign(modality, volume)
        elif node.GetParameter(f"none {modality}") == "1":
            controller.assign(modality, "")
        controller.tick(modality, used)


def _parameter_node(scene: Any) -> Any:
    """The one node of this module in the scene."""
    node = scene.GetSingletonNode(MODULE, "vtkMRMLScriptedModuleNode")
    if node is None:
        node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)  # the scene keeps it
        node.SetSingletonTag(MODULE)
        node = scene.AddNode(node)
        node.SetName(MODULE)
        node.SetModuleName(MODULE)
    return node
