"""Volumes to the engine, results back: positions, voxels, names, colours and terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk
from slicer import util

import shaspec
from shaspec.case import Case
from shaspec.io.resample import resample
from shaspec.io.segmentation_nrrd import write_segmentation
from shaspec.io.segmentation_reader import read_segmentation as engine_reads
from shaspec.io.terminology import slicer_entry, term_of
from shaspec.io.volumes import read_volume
from ShaSpecLib import nodes
from ShaSpecLib.controller import Volume
from ShaSpecLib.world import SceneWorld

OBLIQUE = np.array(
    [[0.9, -0.3, 0.1, -20], [0.35, 0.85, -0.2, 10], [-0.02, 0.25, 4.5, 5], [0, 0, 0, 1.0]]
)
AXIAL_THICK = np.diag([0.5, 0.5, 6.0, 1.0])
FLIPPED = np.array([[-1.0, 0, 0, 30], [0, 0, 2.0, -8], [0, -1.5, 0, 44], [0, 0, 0, 1]])
MATRICES = {"oblique": OBLIQUE, "thick": AXIAL_THICK, "sagittal, flipped": FLIPPED}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32])
def test_a_volume_reaches_the_engine_with_its_voxels_and_its_position(
    matrix: np.ndarray[Any, Any], kind: type, add_volume: Callable[..., Any], tmp_path: Path
) -> None:
    voxels = np.arange(5 * 6 * 7).reshape(5, 6, 7).astype(kind)
    node = add_volume(voxels, matrix, "T1")
    path = nodes.write_volume(node, tmp_path / "t1.nii.gz")
    read = read_volume(path)
    np.testing.assert_allclose(read.grid.affine, matrix, atol=1e-5)
    np.testing.assert_array_equal(read.grid.to_file(read.array), voxels)


def test_a_parent_transform_moves_what_the_engine_gets(
    scene: Any, add_volume: Callable[..., Any], tmp_path: Path
) -> None:
    node = add_volume(np.zeros((4, 4, 4), np.int16), OBLIQUE, "T1")
    moved = np.eye(4)
    moved[:3, 3] = 10, -5, 3
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(util.vtkMatrixFromArray(moved))
    node.SetAndObserveTransformNodeID(transform.GetID())
    np.testing.assert_allclose(nodes.affine(node), moved @ OBLIQUE, atol=1e-9)
    assert nodes.source_file(node) is None


def test_a_transform_that_bends_is_refused(scene: Any, add_volume: Callable[..., Any]) -> None:
    node = add_volume(np.zeros((4, 4, 4), np.int16), OBLIQUE, "T1")
    bent = vtk.vtkThinPlateSplineTransform()
    transform = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    transform.SetAndObserveTransformToParent(bent)
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(ValueError, match="T1 is under a transform that is not linear: harden"):
        nodes.affine(node)


def test_only_scalar_volumes_with_voxels_are_offered(
    scene: Any, add_volume: Callable[..., Any]
) -> None:
    node = add_volume(np.zeros((4, 4, 4), np.int16), OBLIQUE, "T1")
    scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    util.updateVolumeFromArray(labels, np.zeros((4, 4, 4), np.int16))
    assert [n.GetID() for n in nodes.volumes(scene)] == [node.GetID()]


@pytest.mark.parametrize(("low", "kind"), [(-5, np.int32), (2**40, np.float64)])
def test_whole_numbers_of_64_bits_reach_the_engine(
    low: int, kind: type, add_volume: Callable[..., Any], tmp_path: Path
) -> None:
    voxels = np.arange(5 * 6 * 7).reshape(5, 6, 7) + low
    node = add_volume(np.zeros(voxels.shape, np.int16), OBLIQUE, "T1")
    node.GetImageData().AllocateScalars(vtk.VTK_LONG_LONG, 1)  # as of a file
    util.arrayFromVolume(node)[:] = voxels.transpose(2, 1, 0)
    read = read_volume(nodes.write_volume(node, tmp_path / "t1.nii"))
    assert read.array.dtype == kind
    np.testing.assert_array_equal(read.grid.to_file(read.array), voxels)


def test_volumes_without_a_name_and_hidden_ones(scene: Any, add_volume: Callable[..., Any]) -> None:
    node = add_volume(np.zeros((4, 4, 4), np.int16), OBLIQUE, "T1")
    node.SetName(None)
    hidden = add_volume(np.zeros((4, 4, 4), np.int16), OBLIQUE, "preview of T1")
    hidden.SetHideFromEditors(True)
    assert SceneWorld(scene).volumes() == {node.GetID(): Volume(node.GetID())}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_labels_come_back_voxel_for_voxel(
    matrix: np.ndarray[Any, Any],
    scene: Any,
    head: Case,
    add_volume: Callable[..., Any],
    tmp_path: Path,
) -> None:
    voxels = np.array(head.grid.to_file(head.labels))
    grid = shaspec.case.Grid.from_affine(matrix, voxels.shape)
    path = tmp_path / "a.seg.nrrd"
    write_segmentation(path, grid.from_file(voxels), grid, head.task.labels)
    node = nodes.read_segmentation(scene, path, "seg", {"Model": "tiny"})
    volume = add_volume(voxels, matrix, "T1")
    assert np.count_nonzero(nodes.label_map(node, volume) != voxels) == 0
    assert node.GetAttribute("ShaSpec.Model") == "tiny"
    assert node.GetStorageNode() is None  # the file may go


def test_segments_have_names_colours_and_terms(scene: Any, head: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.seg.nrrd"
    write_segmentation(path, head.labels, head.grid, head.task.labels)
    segmentation = nodes.read_segmentation(scene, path, "seg").GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(head.task.labels)
    for index, label in enumerate(head.task.labels):
        segment = segmentation.GetNthSegment(index)
        assert (segment.GetName(), segment.GetLabelValue()) == (label.name, label.value)
        colour = "#" + "".join(f"{round(255 * part):02x}" for part in segment.GetColor())
        assert colour == label.colour.lower()
        entry = vtk.reference("")
        assert segment.GetTag("TerminologyEntry", entry)
        assert str(entry) == slicer_entry(term_of(label))


def test_a_segmentation_saved_by_slicer_is_read_by_the_engine(
    scene: Any, head: Case, tmp_path: Path
) -> None:
    path, saved = tmp_path / "a.seg.nrrd", tmp_path / "b.seg.nrrd"
    write_segmentation(path, head.labels, head.grid, head.task.labels)
    node = nodes.read_segmentation(scene, path, "seg")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(saved))
    assert storage.WriteData(node)
    first, again = engine_reads(path), engine_reads(saved)
    assert again.names == first.names
    labels = resample(again.array, again.grid, first.grid, order=0, fill=0)
    assert np.count_nonzero(labels != first.array) == 0


def test_a_missing_file_adds_nothing(scene: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.seg.nrrd"
    with pytest.raises(ValueError, match="is not a segmentation that Slicer can read"):
        nodes.read_segmentation(scene, path, "seg")
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_surfaces_lie_around_the_centre_of_their_labels(
    scene: Any, head: Case, tmp_path: Path
) -> None:
    path = tmp_path / "a.seg.nrrd"
    write_segmentation(path, head.labels, head.grid, head.task.labels)
    node = nodes.read_segmentation(scene, path, "seg")
    nodes.show_surfaces(node)
    surface = vtk.vtkPolyData()
    node.GetClosedSurfaceRepresentation("Segment_2", surface)
    voxels = np.argwhere(head.grid.to_file(head.labels) == 2)
    low, high = (head.grid.affine @ [*voxels.min(0), 1], head.grid.affine @ [*voxels.max(0), 1])
    bounds = np.array(surface.GetBounds()).reshape(3, 2)
    corners = np.sort(np.stack([low[:3], high[:3]], axis=1), axis=1)
    assert np.abs(bounds - corners).max() < 2.0


ROWS = [
    {"subset": s, "reference": "all modalities",
     "values": {"dice": {"ET": d, "WT": 1.0}, "hd95_mm": {"ET": None, "WT": 0.0}}}
    for s, d in (("FLAIR+T2", 1.0), ("FLAIR", 0.5), ("T2", 0.25))
]  # fmt: skip


def test_tables_and_the_chart_show_what_the_engine_found(scene: Any) -> None:
    table = nodes.size_table(scene, "v", {"sizes": {"ET": 0.0, "WT": 12.345}, "unit": "mL"})
    assert [table.GetCellText(row, 1) for row in (0, 1)] == ["not found", "12.35"]
    table = nodes.subset_table(scene, "s", ROWS)
    assert table.GetNumberOfRows() == 3
    column = util.arrayFromTableColumn(table, "dice ET")
    np.testing.assert_array_equal(column, [1.0, 0.5, 0.25])
    chart = nodes.subset_chart(scene, "s", table, ROWS)
    assert chart.GetNumberOfPlotSeriesNodes() == 2
    assert chart.GetNthPlotSeriesNode(0).GetYColumnName() == "dice ET"
