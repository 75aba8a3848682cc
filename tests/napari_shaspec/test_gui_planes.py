"""Three planes and letters in a real window: where pixels are, and what is left afterwards."""

from __future__ import annotations

import weakref

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QCheckBox

from napari_shaspec import chosen_engine
from napari_shaspec.layers.orientation import Edges, Plane
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.widgets.canvas_marks import pixels_of
from tests.napari_shaspec.waiting import wait_until_freed

pytestmark = pytest.mark.gui

EDGE = 34  # pixels in which a letter and its margin fit


@pytest.fixture
def window(make_napari_viewer, monkeypatch, engine):
    """A shown viewer with the panel *Segment*."""
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    return viewer, panel


def planes_of(viewer, panel, qtbot) -> list:
    """The marks of the three planes, once they are there and have their sizes."""
    panel.findChild(QCheckBox, "shaspec_planes").setChecked(True)
    qtbot.waitUntil(lambda: len(panel.planes.marks) == 3, timeout=30_000)
    qtbot.wait(200)
    return panel.planes.marks


def grabbed(plane) -> np.ndarray:
    """The canvas as it is on the screen (rows, columns, rgb), with all that lies above it."""
    return pixels_of(plane.view.canvas.native.grab().toImage())[..., :3].astype(int)


def marks_on(plane) -> np.ndarray:
    """Mask of the pixels in the colour of letters and crosshair."""
    red, green, blue = np.moveaxis(grabbed(plane), -1, 0)
    return (abs(red - 255) < 25) & (abs(green - 215) < 25) & (abs(blue - 94) < 40)


def lesion_in(plane) -> np.ndarray:
    """Centre (row, column) of the brightest pixels of the canvas without marks."""
    grey = plane.view.screenshot(flash=False)[..., :3].astype(float).mean(axis=-1)
    found = np.argwhere(grey > 0.9 * 255)
    assert len(found)
    return found.mean(axis=0)


def bare(*viewers) -> None:
    for viewer in viewers:
        viewer.canvas.overlays.scale_bar.visible = False


def test_a_click_brings_the_crosshair_to_the_lesion_in_all_planes(window, qtbot, make_case):
    viewer, panel = window
    add_case(viewer, make_case())
    bare(viewer)
    viewer.dims.set_current_step(2, 30)  # the lesion is in the sagittal plane
    axial, coronal, sagittal = planes_of(viewer, panel, qtbot)
    row, column = lesion_in(sagittal)
    qtbot.mouseClick(
        sagittal.view.canvas.native,
        Qt.MouseButton.LeftButton,
        pos=QPoint(round(column), round(row)),
    )
    qtbot.wait(200)
    assert np.abs(np.array(viewer.dims.current_step) - (12, 20, 30)).max() <= 1
    for plane in (axial, coronal, sagittal):
        marks = marks_on(plane)
        cross = marks.sum(axis=1).argmax(), marks.sum(axis=0).argmax()
        assert np.abs(cross - lesion_in(plane)).max() < 6
        middle_row, middle_column = np.array(marks.shape) // 2
        around = (
            slice(middle_row - 15, middle_row + 15),
            slice(middle_column - 15, middle_column + 15),
        )
        for letter in (
            marks[:EDGE, around[1]],
            marks[-EDGE:, around[1]],
            marks[around[0], :EDGE],
            marks[around[0], -EDGE:],
        ):
            assert letter.sum() > 10
    assert axial.marks.edges == Edges("A", "L", "P", "R")
    assert len(viewer.layers) == 5
    picture = panel.planes.picture()
    rows, columns = marks_on(axial).shape
    assert picture.shape[0] >= rows
    assert (picture[:rows, :columns, :3] == grabbed(axial)).mean() > 0.99


@pytest.mark.parametrize("codes", ["LPS", "RAS"])
def test_the_letter_l_is_on_the_side_of_a_lesion_on_the_left(window, qtbot, codes, tmp_path):
    viewer, panel = window
    voxels = np.ones((40, 48, 44), np.float32)  # R, A, S
    voxels[4:-4, 4:-4, 4:-4] += np.arange(36, dtype=np.float32)[None, None] / 10
    voxels[8:14, 30:38, 28:36] = 40  # left, anterior, superior
    image = nib.Nifti1Image(voxels, np.eye(4))
    turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(codes))
    path = tmp_path / "anna_flair.nii.gz"
    nib.save(image.as_reoriented(turn), path)
    panel.controller.open([path])
    panel.controller.windowing.set_window(20, 40)
    bare(viewer)
    viewer.dims.point = tuple(
        viewer.layers[0].data_to_world(
            np.argwhere(np.asarray(viewer.layers[0].data) == 40).mean(axis=0)
        )
    )
    expected = {Plane.AXIAL: ("A", "L"), Plane.CORONAL: ("S", "L"), Plane.SAGITTAL: ("S", "A")}
    for plane, (vertical, horizontal) in zip(
        planes_of(viewer, panel, qtbot), expected.values(), strict=True
    ):
        row, column = lesion_in(plane)
        edges, (rows, columns) = plane.marks.edges, marks_on(plane).shape
        assert (edges.top if row < rows / 2 else edges.bottom) == vertical
        assert (edges.left if column < columns / 2 else edges.right) == horizontal


def test_nothing_is_left_of_the_planes_that_are_closed(window, qtbot, make_case):
    viewer, panel = window
    add_case(viewer, make_case())
    before = viewer.window._qt_viewer.canvas.native.size()
    views = [plane.view for plane in planes_of(viewer, panel, qtbot)[1:]]
    kept = [weakref.ref(each) for view in views for each in (view, view.viewer)]
    del views
    canvas = viewer.window._qt_viewer.canvas.native
    qtbot.keyClick(canvas, Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    assert not panel.controller.state.planes
    wait_until_freed(qtbot, *kept)
    assert canvas.size() == before
    viewer.window.remove_dock_widget(panel)
    qtbot.wait(100)
    assert not [child for child in canvas.children() if child.objectName() == "shaspec_marks"]
