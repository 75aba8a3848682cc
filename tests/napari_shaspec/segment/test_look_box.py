"""Opacity, contours and pictures in the panel *Segment*; napari's own grid and 3D."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from qtpy.QtWidgets import QCheckBox, QSlider

from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from shaspec.editing import Operation
from shaspec.report.caption import captioned_png
from tests.napari_shaspec.widths import fits

ALL = "FLAIR+T1+T1ce+T2"


@pytest.fixture
def layer(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.segment()
    return find_result(viewer, "anna", ALL)


def test_opacity_and_contours_are_those_of_every_result_in_every_view(controller, viewer, layer):
    assert (layer.opacity, layer.contour) == (0.6, 0)
    controller.look.set_opacity(0.3)
    controller.look.set_contour(True)
    assert (layer.opacity, layer.contour) == (0.3, 1)
    controller.tick("T1", False)
    new = find_result(viewer, "anna", "FLAIR+T1ce+T2")
    assert (new.opacity, new.contour) == (0.3, 1)
    controller.set_view(View.GRID)
    assert {(pane.opacity, pane.contour) for pane in of_kind(viewer, "pane")} == {(0.3, 1)}
    controller.look.set_contour(False)
    assert {pane.contour for pane in of_kind(viewer, "pane")} == {0}


def test_the_settings_of_the_grid_are_put_back(controller, viewer, layer):
    viewer.canvas.grid.stride, viewer.canvas.grid.shape = 2, (1, 3)
    controller.set_view(View.GRID)
    assert viewer.canvas.grid.stride == -2
    controller.set_view(View.STACK)
    assert (viewer.canvas.grid.stride, viewer.canvas.grid.shape) == (2, (1, 3))


def test_stack_turns_off_naparis_own_grid_and_3d(controller, viewer, layer):
    viewer.canvas.grid.enabled = True
    viewer.dims.ndisplay = 3
    controller.set_view(View.STACK)
    assert (viewer.canvas.grid.enabled, viewer.dims.ndisplay) == (False, 2)


def test_closing_the_panel_leaves_naparis_own_grid_on(controller, viewer, layer):
    viewer.canvas.grid.enabled = True
    controller.close()
    assert viewer.canvas.grid.enabled


def test_the_caption_names_case_result_and_slice(controller, viewer, layer):
    viewer.dims.set_point(0, -10.0)
    text = controller.look.caption()
    assert text.startswith(f"anna; segmented from {ALL}; model fake; S -10.0 mm\n")
    controller.editing.operate(Operation("grow", "WT", 2.0))
    assert f"{ALL} (edited)" in controller.look.caption()
    controller.set_view(View.THREE_D)
    assert " mm" not in controller.look.caption()


def test_a_picture_is_written_with_its_caption(controller, layer, tmp_path):
    canvas = np.full((300, 400, 4), 200, np.uint8)
    controller.look.save_picture(tmp_path / "a.png", canvas)
    assert controller.state.message.text == f"saved {tmp_path / 'a.png'}"
    page = np.asarray(Image.open(tmp_path / "a.png"))
    assert (page[:300] == 200).all()
    assert page[300:].max() > 200


@pytest.mark.parametrize("columns", [200, 400, 2000])
def test_a_long_caption_is_wrapped_below_the_picture(columns):
    picture = np.zeros((200, columns, 3), np.uint8)
    page = np.asarray(Image.open(io.BytesIO(captioned_png(picture, "a word and more " * 12))))
    assert page.shape[1] == columns
    assert page[200:].any()
    assert not page[200:, -2:].any()  # nothing is cut off at the right


def test_the_row_sets_and_shows_both(panel, viewer, make_case, find, qtbot):
    control = panel.controller
    add_case(viewer, make_case())
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    find(panel, "look").click()
    assert find(panel, "opacity", QSlider).value() == 60
    find(panel, "opacity", QSlider).setValue(20)
    find(panel, "contour", QCheckBox).click()
    layer = find_result(viewer, "anna", ALL)
    assert (layer.opacity, layer.contour) == (0.2, 1)
    assert fits(find(panel, "look_box"), 290)
