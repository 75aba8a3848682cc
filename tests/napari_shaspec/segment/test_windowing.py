"""The intensity window of each modality, kept per case, and the row that shows it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox

from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.layers.windows import FULL, OPENED, PERCENT, presets_of
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.task import load_task
from tests.napari_shaspec.widths import fits


@pytest.fixture
def anna(controller, viewer, make_case):
    add_case(viewer, make_case("anna"))
    return controller


def test_the_active_modality_is_the_selected_or_the_topmost_visible_one(anna, viewer):
    state = anna.state
    assert state.windowed == "FLAIR"
    viewer.layers.selection.active = viewer.layers["T2"]
    assert state.windowed == "T2"
    viewer.layers.selection.active = viewer.layers["truth"]
    assert state.windowed == "FLAIR"
    viewer.layers["FLAIR"].visible = False
    assert state.windowed == "T1"
    viewer.layers.clear()
    assert (state.windowed, state.window) == ("", None)


def test_presets_and_level_and_width_set_the_layer(anna, viewer):
    state, layer = anna.state, viewer.layers["FLAIR"]
    opened = tuple(layer.contrast_limits)
    assert state.preset == OPENED
    anna.windowing.set_preset(FULL)
    assert tuple(layer.contrast_limits) == state.window == (0, layer.data.max())
    anna.windowing.set_window(50, 20)
    assert (tuple(layer.contrast_limits), state.preset) == ((40, 60), "")
    anna.windowing.set_window(50, 0)
    assert state.window == (40, 60)
    layer.contrast_limits = (1, 2)  # with napari's own slider
    assert state.window == (1, 2)
    anna.windowing.set_preset(OPENED)
    assert tuple(layer.contrast_limits) == opened


def test_the_key_goes_through_the_presets(anna):
    seen = []
    for _ in presets_of(ct=False):
        anna.windowing.next_preset()
        seen.append(anna.state.preset)
    assert seen == [*presets_of(ct=False)[1:], OPENED]


def test_every_case_keeps_its_windows(anna, viewer, make_case):
    anna.windowing.set_preset(PERCENT)
    window = anna.state.window
    add_case(viewer, make_case("berta", seed=5))
    assert (anna.state.case, anna.state.preset) == ("berta", OPENED)
    anna.windowing.set_window(30, 10)
    anna.switch_case("anna")
    assert (anna.state.window, anna.state.preset) == (window, PERCENT)
    anna.close_case("anna")
    assert anna.state.window == (25, 35)
    add_case(viewer, make_case("anna"))
    assert (anna.state.window, anna.state.preset) == (window, PERCENT)


def test_a_ct_has_its_windows_without_a_model_for_it(controller, viewer):
    grid = Grid((4, 5, 6), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    task = load_task("liver-ct")
    volume = np.zeros(grid.shape, np.float32)
    add_case(viewer, Case("carl", task, grid, {task.names[0]: volume}))
    assert controller.state.windowed == task.names[0]
    controller.windowing.set_preset("Liver")
    assert controller.state.window == (-45, 105)
    assert controller.state.preset == "Liver"


def test_closing_the_panel_lets_go_of_the_layers(anna, viewer):
    anna.close()
    viewer.layers["FLAIR"].contrast_limits = (3, 4)
    assert anna.state.window != (3, 4)


def test_other_views_close_the_planes(anna, viewer):
    viewer.canvas.grid.stride = 3
    anna.set_planes(True)
    assert anna.planes.open
    anna.set_view(View.GRID)
    assert (anna.planes.open, anna.state.planes) == (False, False)
    anna.set_planes(True)
    assert (anna.state.view, viewer.canvas.grid.enabled) == (View.STACK, False)
    anna.close()
    assert not anna.planes.open
    assert viewer.canvas.grid.stride == 3


def test_planes_need_a_volume(controller, viewer, make_case, notifications):
    controller.set_planes(True)
    add_case(viewer, make_case())
    viewer.add_image(np.zeros((2, 3, 4, 5)))
    controller.set_planes(True)
    assert not controller.state.planes
    assert ["need a visible volume" in said for said in notifications] == [True, True]


def test_the_caption_of_three_planes_has_three_coordinates(anna, viewer):
    anna.set_planes(True)
    assert anna.look.caption().split("\n")[0].count(" mm") == 3


def test_the_row_shows_and_sets_all_of_it(panel, viewer, make_case, find):
    state = panel.controller.state
    preset = find(panel, "window_preset", QComboBox)
    assert preset.isHidden() or not preset.parentWidget().isVisible()
    add_case(viewer, make_case())
    find(panel, "look").click()
    assert preset.currentData() == OPENED
    find(panel, "window_width", QDoubleSpinBox).setValue(44)
    assert state.window[1] - state.window[0] == pytest.approx(44)
    assert preset.currentIndex() == -1
    find(panel, "planes", QCheckBox).click()
    assert state.planes
    find(panel, "letters", QCheckBox).click()
    assert not state.letters
    assert fits(find(panel, "look_box"), 290)
