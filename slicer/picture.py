"""The picture of docs/slicer.md: what the module adds to a scene, drawn by VTK without a window.

    python slicer/picture.py slicer/Screenshots/result.png

needs slicer-core and the engine. The case is a phantom; nodes are made as in the application.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk
from slicer import util

HERE = Path(__file__).resolve().parent / "ShaSpec"
sys.path[:0] = [str(HERE), str(HERE / "Testing")]

import core_scene  # noqa: E402
from waiting_process import WaitingProcess  # noqa: E402

import shaspec  # noqa: E402
from ShaSpecLib import engine_names  # noqa: E402
from ShaSpecLib.controller import Controller  # noqa: E402
from ShaSpecLib.runner import ResidentEngine  # noqa: E402
from ShaSpecLib.world import SceneWorld  # noqa: E402

SEED = 9_000_012  # of no training
SIZE = (1400, 700)
INK = (0.1, 0.1, 0.1)
LEFT_OUT = "T1ce"


def main(path: Path) -> None:
    """Segment a phantom in a scene and draw the nodes."""
    case = shaspec.make_case(SEED, (104, 140, 116), (1.5, 1.5, 1.5))
    with pytest.MonkeyPatch.context() as monkeypatch, core_scene.made(monkeypatch) as scene:
        grid = case.grid
        volumes = {
            name: core_scene.add_volume(scene, np.array(grid.to_file(v)), grid.affine, name)
            for name, v in case.volumes.items()
        }
        control = Controller(
            ResidentEngine(WaitingProcess()), SceneWorld(scene), engine_names.modalities,
            engine_names.assign, device="cpu",
        )  # fmt: skip
        control.choose_model("shaspec")
        control.tick(LEFT_OUT, False)
        control.apply()
        control.close()
        (node,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
        (table,) = util.getNodesByClass("vtkMRMLTableNode", scene)
        draw(volumes["FLAIR"], node, table, path)


def draw(volume: Any, node: Any, table: Any, path: Path) -> None:
    """A slice with the segments, and their surfaces with names and volumes."""
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetSize(*SIZE)
    window.SetMultiSamples(0)  # depth peeling, for what is translucent, works without
    window.SetAlphaBitPlanes(True)
    surfaces = surfaces_of(node)
    for number, fill in enumerate((in_slice, in_space)):
        renderer = vtk.vtkRenderer()
        renderer.SetViewport(number / 2, 0, (number + 1) / 2, 1)
        renderer.SetBackground(*((0, 0, 0) if number == 0 else (0.93, 0.94, 0.97)))
        window.AddRenderer(renderer)
        fill(renderer, volume, surfaces)
    lines = [(node.GetName(), INK)]
    lines += [(name, tuple(0.8 * c for c in colour)) for name, colour, _ in surfaces]
    lines += [("", INK), (table.GetName(), INK)]
    rows = range(table.GetNumberOfRows())
    lines += [(f"{table.GetCellText(r, 0)}  {table.GetCellText(r, 1)} mL", INK) for r in rows]
    for number, (text, colour) in enumerate(lines):
        caption(window, 1, text, colour, 20, SIZE[1] - 40 - 30 * number)
    white = (1.0, 1.0, 1.0)
    caption(window, 0, volume.GetName(), white, 20, SIZE[1] - 40)
    for text, x in (("R", 20), ("L", SIZE[0] // 2 - 40)):
        caption(window, 0, text, white, x, SIZE[1] // 2)
    window.Render()
    save(window, path)


def surfaces_of(node: Any) -> list[tuple[str, tuple[float, ...], Any]]:
    """Name, colour and closed surface of every segment that has voxels."""
    segmentation, surfaces = node.GetSegmentation(), []
    for index in range(segmentation.GetNumberOfSegments()):
        surface = vtk.vtkPolyData()
        segment = segmentation.GetNthSegment(index)
        node.GetClosedSurfaceRepresentation(segmentation.GetNthSegmentID(index), surface)
        if surface.GetNumberOfPoints():
            surfaces.append((segment.GetName(), segment.GetColor(), surface))
    return surfaces


def volume_of(surface: Any) -> float:
    """What a closed surface contains, in mm3."""
    mass = vtk.vtkMassProperties()
    mass.SetInputData(surface)
    return float(mass.GetVolume())


def world_of(volume: Any) -> Any:
    """The matrix from voxels to RAS."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix


def in_slice(renderer: Any, volume: Any, surfaces: Any) -> None:
    """The axial slice through the smallest segment, with the outlines of all."""
    image, to_world = volume.GetImageData(), world_of(volume)
    centre = min((surface for *_, surface in surfaces), key=volume_of).GetCenter()
    mapper = vtk.vtkImageResliceMapper()
    mapper.SetInputData(image)
    plane = vtk.vtkPlane()
    plane.SetOrigin(*centre)
    plane.SetNormal(0, 0, 1)
    mapper.SetSlicePlane(plane)
    shown = vtk.vtkImageSlice()
    shown.SetMapper(mapper)
    shown.SetUserMatrix(to_world)
    high = float(np.percentile(util.arrayFromVolume(volume), 99.99))
    shown.GetProperty().SetColorWindow(high)
    shown.GetProperty().SetColorLevel(high / 2)
    renderer.AddViewProp(shown)
    for _, colour, surface in surfaces:
        cutter = vtk.vtkCutter()
        cutter.SetInputData(surface)
        cutter.SetCutFunction(plane)
        lift = vtk.vtkTransform()
        lift.Translate(0, 0, -1)  # towards the camera, which is at the feet
        actor = add(renderer, cutter, colour)
        actor.SetUserTransform(lift)
        actor.GetProperty().SetLineWidth(3)
        actor.GetProperty().LightingOff()
    bounds = shown.GetBounds()
    middle = ((bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2, centre[2])
    look(renderer, middle, (0, 0, -1), (0, 1, 0), 105)


def in_space(renderer: Any, volume: Any, surfaces: Any) -> None:
    """The surfaces of the segments in the outline of the head."""
    contour = vtk.vtkFlyingEdges3D()
    contour.SetInputData(volume.GetImageData())
    contour.SetValue(0, 0.15 * volume.GetImageData().GetScalarRange()[1])
    smooth = vtk.vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(contour.GetOutputPort())
    smooth.SetNumberOfIterations(30)
    smooth.SetPassBand(0.02)
    head = add(renderer, smooth, (0.75, 0.7, 0.65))
    head.SetUserMatrix(world_of(volume))
    head.GetProperty().SetOpacity(0.15)
    for name, colour, surface in surfaces:
        source = vtk.vtkTrivialProducer()
        source.SetOutput(surface)
        add(renderer, source, colour).GetProperty().SetOpacity(0.4 if name == "ED" else 1.0)
    renderer.SetUseDepthPeeling(True)
    renderer.SetMaximumNumberOfPeels(8)
    x, y, z = head.GetCenter()
    look(renderer, (x + 14, y - 14, z + 12), (0.8, 0.9, 0.35), (0, 0, 1), 125)


def add(renderer: Any, source: Any, colour: Any) -> Any:
    """An actor of what ``source`` makes."""
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(source.GetOutputPort())
    mapper.ScalarVisibilityOff()
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    renderer.AddActor(actor)
    return actor


def look(renderer: Any, at: Any, side: Any, up: Any, half: float) -> None:
    """A parallel view of ``at`` from ``side``, ``half`` mm high above and below."""
    camera = renderer.GetActiveCamera()
    camera.SetParallelProjection(True)
    camera.SetFocalPoint(*at)
    camera.SetPosition(*(a + 500 * s for a, s in zip(at, side, strict=True)))
    camera.SetViewUp(*up)
    camera.SetParallelScale(half)
    renderer.ResetCameraClippingRange()


def caption(window: Any, half: int, text: str, colour: Any, x: int, y: int) -> None:
    """A line of text in the left half, 0, or the right one, 1."""
    actor = vtk.vtkTextActor()
    actor.SetInput(text)
    actor.SetPosition(x, y)
    actor.GetTextProperty().SetFontSize(22)
    actor.GetTextProperty().SetBold(True)
    actor.GetTextProperty().SetColor(*colour)
    window.GetRenderers().GetItemAsObject(half).AddViewProp(actor)


def save(window: Any, path: Path) -> None:
    """Write what the window shows as PNG."""
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    writer = vtk.vtkPNGWriter()
    writer.SetInputConnection(grab.GetOutputPort())
    writer.SetFileName(str(path))
    writer.Write()


if __name__ == "__main__":
    slicer.vtkMRMLScene()  # loads the libraries before the output begins
    main(Path(sys.argv[1]))
