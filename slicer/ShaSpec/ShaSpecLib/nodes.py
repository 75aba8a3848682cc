"""MRML nodes to files of the engine, and its results to nodes.

The engine gets every volume with its position in the world, parent transforms included, so results
lie where the volumes are seen. Names, colours and terms come from the engine's ``.seg.nrrd``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from slicer import util

Fields = Mapping[str, Any]
VOLUME, LABELS = "vtkMRMLScalarVolumeNode", "vtkMRMLLabelMapVolumeNode"
INSTANCES = "DICOM.instanceUIDs"
"""The attribute in which Slicer keeps what a volume was read from."""
READABLE = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz")
"""Files that the engine reads as they are."""
ATTRIBUTE = "ShaSpec."
"""Before the names of attributes that say how a node was made."""


def volumes(scene: Any) -> list[Any]:
    """The volumes of a scene that can be a modality: scalar, with voxels, no label maps, and none
    that a module hides, e.g. the previews of effects."""
    nodes = [n for n in util.getNodesByClass(VOLUME, scene) if not n.GetHideFromEditors()]
    return [n for n in nodes if not n.IsA(LABELS) and n.GetImageData() is not None]


def affine(node: Any) -> np.ndarray[Any, Any]:
    """The matrix (4, 4) from voxel (i, j, k) to RAS in mm, with the node's parent transforms.

    Raises:
        ValueError: for a transform that is not linear.
    """
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    parent = node.GetParentTransformNode()
    if parent is not None:
        if not parent.IsTransformToWorldLinear():
            raise ValueError(
                f"{node.GetName()} is under a transform that is not linear: harden it first"
            )
        to_world = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(to_world)
        vtk.vtkMatrix4x4.Multiply4x4(to_world, matrix, matrix)
    return util.arrayFromVTKMatrix(matrix)


def write_volume(node: Any, path: Path) -> Path:
    """Write a volume as NIfTI for the engine, voxels and position unchanged.

    Raises:
        ValueError: for a transform that is not linear, or more than one component per voxel.
    """
    from nibabel.nifti1 import Nifti1Image  # comes with the engine

    voxels = util.arrayFromVolume(node)  # (k, j, i)
    if voxels.ndim != 3:
        raise ValueError(f"{node.GetName()} has several components per voxel: choose a scalar one")
    image = Nifti1Image(np.ascontiguousarray(_storable(voxels).transpose(2, 1, 0)), affine(node))
    image.header.set_xyzt_units("mm")
    image.to_filename(path)
    return path


def _storable(voxels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Voxels in a type that every reader of NIfTI knows: whole numbers of 64 bits are none."""
    if voxels.dtype.kind not in "iu" or voxels.dtype.itemsize < 8:
        return voxels
    low, high = int(voxels.min()), int(voxels.max())
    fits = np.iinfo(np.int32).min <= low and high <= np.iinfo(np.int32).max
    return voxels.astype(np.int32 if fits else np.float64)


def source_file(node: Any) -> Path | None:
    """The file that a volume was read from, if the node still is what that file says."""
    storage = node.GetStorageNode()
    name = storage.GetFileName() if storage is not None else None
    if not name or node.GetModifiedSinceRead() or node.GetParentTransformNode() is not None:
        return None
    path = Path(name)
    return path if path.name.lower().endswith(READABLE) and os.path.isfile(path) else None


def dicom_file(node: Any) -> Path | None:
    """A DICOM file that a volume was read from, by the database of the application."""
    instances = (node.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not instances or database is None:
        return None
    name = database.fileForInstance(instances[0])  # empty: it was removed from the database
    return Path(name) if name and os.path.isfile(name) else None


def read_segmentation(scene: Any, path: Path, name: str, facts: Fields | None = None) -> Any:
    """A segmentation node from a ``.seg.nrrd`` file.

    Args:
        scene: where the node is added.
        path: the file. The node does not refer to it, so Slicer asks where to save.
        name: of the node.
        facts: how it was made; kept as attributes ``ShaSpec.KEY``.

    Raises:
        ValueError: if the file cannot be read; nothing is added then.
    """
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        scene.RemoveNode(node)
        raise ValueError(f"{path}: is not a segmentation that Slicer can read")
    node.SetName(name)
    node.CreateDefaultDisplayNodes()
    for key, value in (facts or {}).items():
        node.SetAttribute(f"{ATTRIBUTE}{key}", str(value))
    return node


def show_surfaces(node: Any) -> None:
    """Make the 3D surfaces of a segmentation."""
    node.CreateClosedSurfaceRepresentation()


def label_map(node: Any, reference: Any) -> np.ndarray[Any, Any]:
    """The label values (i, j, k) of a segmentation on the grid of a volume node."""
    segmentation = node.GetSegmentation()
    shape = util.arrayFromVolume(reference).shape
    labels = np.zeros(shape, np.uint8)
    for index in range(segmentation.GetNumberOfSegments()):
        name = segmentation.GetNthSegmentID(index)
        mask = util.arrayFromSegmentBinaryLabelmap(node, name, reference)
        if mask is not None:
            labels[mask > 0] = segmentation.GetNthSegment(index).GetLabelValue()
    return labels.transpose(2, 1, 0)


def size_table(scene: Any, name: str, result: Fields) -> Any:
    """A table node with the volume of every region; empty regions are *not found*."""
    sizes, unit = result["sizes"], result["unit"]
    texts = [f"{value:.2f}" if value else "not found" for value in sizes.values()]
    return _table(scene, name, {"region": list(sizes), unit: texts})


def subset_table(scene: Any, name: str, rows: Sequence[Fields]) -> Any:
    """A table node with a row per subset: number, name, and every measure of every region."""
    columns: dict[str, list[Any]] = {
        "number": [float(number) for number in range(1, len(rows) + 1)],
        "subset": [row["subset"] for row in rows],
    }
    for measure, regions in rows[0]["values"].items():
        for region in regions:
            values = [row["values"][measure][region] for row in rows]
            numbers = [float("nan") if value is None else float(value) for value in values]
            columns[f"{measure} {region}"] = numbers
    return _table(scene, name, columns)


def subset_chart(scene: Any, name: str, table: Any, rows: Sequence[Fields]) -> Any:
    """A chart of the Dice of every region over the subsets of `subset_table`."""
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", name)
    for number, region in enumerate(rows[0]["values"]["dice"]):
        series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", f"{name} {region}")
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
        series.SetXColumnName("number")
        series.SetLabelColumnName("subset")
        series.SetYColumnName(f"dice {region}")
        series.SetName(region)
        series.SetUniqueColor() if number else series.SetColor(0.2, 0.4, 0.8)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(f"Dice, compared with {rows[0]['reference']}")
    chart.SetXAxisTitle("subset")
    chart.SetYAxisTitle("Dice")
    return chart


def _table(scene: Any, name: str, columns: Mapping[str, Sequence[Any]]) -> Any:
    """A table node; columns of numbers stay numbers."""
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    for title, values in columns.items():
        numbers = bool(values) and isinstance(values[0], float)
        array = vtk.vtkDoubleArray() if numbers else vtk.vtkStringArray()
        array.SetName(title)
        for value in values:
            array.InsertNextValue(value)
        node.AddColumn(array)
    return node
