"""The panel's work in a scene with the real engine, and a scene that is saved and loaded."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from slicer import util
from waiting_process import WaitingProcess

import shaspec
from shaspec.case import Case
from shaspec.io import write_case
from ShaSpecLib import nodes
from ShaSpecLib.controller import Controller
from ShaSpecLib.engine_names import assign
from ShaSpecLib.runner import ResidentEngine
from ShaSpecLib.world import SceneWorld, recall, remember, restore
from tests.tiny_models import save_tiny


@pytest.fixture
def controller(
    scene: Any, head: Case, head_in_scene: dict[str, Any], tmp_path: Path
) -> Iterator[Controller]:
    model = save_tiny(tmp_path / "model", head.task)
    world = SceneWorld(scene)
    engine = ResidentEngine(WaitingProcess())
    made = Controller(engine, world, lambda _: head.task.names, assign, device="cpu")
    made.choose_model(str(model))
    yield made
    made.close()


def test_apply_adds_the_labels_of_the_engine(
    controller: Controller, scene: Any, head: Case, head_in_scene: dict[str, Any]
) -> None:
    assert {r.modality: r.volume for r in controller.state.rows} == {
        name: node.GetID() for name, node in head_in_scene.items()
    }
    controller.tick("T1ce", False)
    controller.apply()
    assert controller.state.text.startswith("FLAIR+T1+T2: done (")
    (node,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    assert node.GetName() == "seg · FLAIR+T1+T2"
    assert node.GetAttribute("ShaSpec.Model") == "tiny-shaspec"
    model = shaspec.load_model(controller.state.model, device="cpu")
    expected = model.predict(head, ["FLAIR", "T1", "T2"])
    found = nodes.label_map(node, head_in_scene["FLAIR"])
    assert len(np.unique(found)) > 1
    assert np.count_nonzero(found != head.grid.to_file(expected.labels)) == 0
    (table,) = util.getNodesByClass("vtkMRMLTableNode", scene)
    sizes = expected.region_sizes()
    assert table.GetCellText(table.GetNumberOfRows() - 1, 1) == f"{sizes['WT']:.2f}"


def test_two_results_of_a_subset_have_different_names(controller: Controller, scene: Any) -> None:
    for name in ("T1", "T1ce"):
        controller.tick(name, False)
    controller.apply()
    controller.apply()
    for kind in ("Segmentation", "Table"):
        found = util.getNodesByClass(f"vtkMRML{kind}Node", scene)
        assert len({node.GetName() for node in found}) == len(found) == 2


def test_volumes_on_different_grids_give_what_the_engine_gives_for_their_files(
    controller: Controller, scene: Any, head: Case, head_in_scene: dict[str, Any], tmp_path: Path
) -> None:
    coarse = util.arrayFromVolume(head_in_scene["T2"])[::2].copy()  # thick slices
    matrix = nodes.affine(head_in_scene["T2"])
    turned = np.eye(4)
    turned[:2, :2] = [[0.995, -0.0998749], [0.0998749, 0.995]]
    matrix = turned @ matrix  # and oblique
    matrix[:3, 2] *= 2
    util.updateVolumeFromArray(head_in_scene["T2"], coarse)
    head_in_scene["T2"].SetIJKToRASMatrix(util.vtkMatrixFromArray(matrix))
    for name in ("T1", "T1ce"):
        controller.tick(name, False)
    controller.apply()
    (node,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    files = {
        n: nodes.write_volume(head_in_scene[n], tmp_path / f"{n}.nii") for n in ("FLAIR", "T2")
    }
    case = shaspec.read_case(files)
    expected = shaspec.load_model(controller.state.model, device="cpu").predict(case)
    found = nodes.label_map(node, head_in_scene["FLAIR"])
    assert len(np.unique(found)) > 1
    assert np.count_nonzero(found != case.grid.to_file(expected.labels)) == 0
    assert any("resampled" in text for text in controller.state.notices)


def test_all_subsets_add_a_table_and_a_chart(controller: Controller, scene: Any) -> None:
    for name in ("T1", "T1ce"):
        controller.tick(name, False)
    controller.all_subsets()
    assert controller.state.text == "3 subsets: done"
    (table,) = util.getNodesByClass("vtkMRMLTableNode", scene)
    assert [table.GetCellText(row, 1) for row in range(3)] == ["FLAIR+T2", "FLAIR", "T2"]
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1


def test_an_error_of_the_engine_is_shown(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "model" / "model.safetensors").unlink()
    controller.apply()
    assert "has a card but no model.safetensors" in controller.state.text
    assert not controller.state.busy


def test_a_scene_keeps_results_and_choices(
    controller: Controller, scene: Any, head_in_scene: dict[str, Any], tmp_path: Path
) -> None:
    controller.tick("T2", False)
    controller.apply()
    remember(scene, controller.state)
    scene.SetRootDirectory(str(tmp_path))
    for kind in ("ScalarVolume", "Segmentation", "Table"):
        ending = {"ScalarVolume": "nrrd", "Segmentation": "seg.nrrd", "Table": "tsv"}[kind]
        for node in util.getNodesByClass(f"vtkMRML{kind}Node", scene):
            node.AddDefaultStorageNode()
            path = tmp_path / f"{node.GetID()}.{ending}"
            node.GetStorageNode().SetFileName(str(path))
            assert node.GetStorageNode().WriteData(node)
    (before,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    labels = nodes.label_map(before, head_in_scene["FLAIR"])
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()

    scene.Clear(1)
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    (after,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    assert after.GetName() == "seg · FLAIR+T1+T1ce"
    flair = util.getFirstNodeByClassByName("vtkMRMLScalarVolumeNode", "anna_flair", scene)
    assert np.count_nonzero(nodes.label_map(after, flair) != labels) == 0
    model, chosen = recall(scene, controller.modalities(""))
    assert model == controller.state.model
    assert chosen["FLAIR"] == (flair.GetID(), True)
    assert chosen["T2"][1] is False
    fresh = Controller(controller.engine, controller.world, controller.modalities, assign)
    restore(scene, fresh)
    assert [row.modality for row in fresh.state.present] == ["FLAIR", "T1", "T1ce"]


def test_a_command_names_the_files_of_unchanged_volumes(
    controller: Controller, scene: Any, head_in_scene: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("T1", "T1ce", "T2"):
        controller.tick(name, False)
    with pytest.raises(ValueError, match="anna_flair is not saved in a file that the engine reads"):
        controller.command()
    node, path = head_in_scene["FLAIR"], tmp_path / "flair.nrrd"
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(path))
    assert node.GetStorageNode().WriteData(node)
    assert f"shaspec predict FLAIR={path} --present FLAIR" in controller.command()
    util.arrayFromVolume(node)[:] = 0
    util.arrayFromVolumeModified(node)
    with pytest.raises(ValueError, match="save it as NIfTI first"):
        controller.command()


def test_the_copied_command_gives_the_labels_of_the_panel(
    controller: Controller, scene: Any, head: Case, tmp_path: Path
) -> None:
    write_case(tmp_path / "anna", head)
    for name, path in shaspec.read_case(tmp_path / "anna").files.items():
        if name in ("FLAIR", "T2"):
            node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", path.name)
            node.AddDefaultStorageNode()
            node.GetStorageNode().SetFileName(str(path))
            assert node.GetStorageNode().ReadData(node)
            controller.assign(name, node.GetID())
    for name in ("T1", "T1ce"):
        controller.tick(name, False)
    controller.apply()
    (node,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    _, *words = shlex.split(controller.command())
    done = subprocess.run([sys.executable, "-m", "shaspec", *words], check=False, cwd=tmp_path)
    assert done.returncode == 0
    again = nodes.read_segmentation(scene, tmp_path / "case_FLAIR+T2_pred.seg.nrrd", "again")
    flair = scene.GetNodeByID(controller.state.present[0].volume)
    labels = nodes.label_map(again, flair)
    assert len(np.unique(labels)) > 1
    assert np.count_nonzero(labels != nodes.label_map(node, flair)) == 0
