"""Editing the shown result in the panel *Segment*: brush, operations, undo, live volumes."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QPushButton, QSpinBox

from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.state import ERASER, NO_TOOL
from shaspec import editing
from shaspec.editing import Operation
from tests.napari_shaspec.widths import fits

ALL = "FLAIR+T1+T1ce+T2"
SPOT = (4, 5, 6)  # where nothing is segmented


@pytest.fixture
def layer(controller, viewer, make_case):
    """The layer of a result."""
    add_case(viewer, make_case())
    controller.segment()
    return find_result(viewer, "anna", ALL)


# -- tools -----------------------------------------------------------------------------------------


def test_a_colour_button_paints_with_a_label_of_the_task(controller, layer):
    controller.editing.choose_tool(4)
    assert (layer.mode, layer.selected_label) == ("paint", 4)
    controller.editing.choose_tool(ERASER)
    assert layer.mode == "erase"
    controller.editing.choose_tool(NO_TOOL)
    assert layer.mode == "pan_zoom"


def test_the_brush_has_its_size_and_paints_in_3d_if_asked(controller, layer):
    controller.editing.set_brush(7, in_3d=True)
    assert (layer.brush_size, layer.n_edit_dimensions) == (7, 3)
    controller.editing.set_brush(3, in_3d=False)
    assert (layer.brush_size, layer.n_edit_dimensions) == (3, 2)


def test_the_tool_goes_to_the_result_that_is_shown(controller, viewer, layer):
    controller.editing.choose_tool(2)
    controller.tick("T1", False)
    shown = find_result(viewer, "anna", "FLAIR+T1ce+T2")
    assert (shown.mode, layer.mode) == ("paint", "pan_zoom")
    assert viewer.layers.selection.active is shown


def test_the_tool_goes_to_the_panes_and_back(controller, viewer, layer):
    controller.editing.choose_tool(2)
    controller.set_view(View.GRID)
    assert {pane.mode for pane in viewer.layers if origin(pane).get("kind") == "pane"} == {"paint"}
    controller.set_view(View.STACK)
    assert layer.mode == "paint"


def test_a_tool_of_naparis_own_controls_is_shown(controller, layer):
    controller.editing.choose_tool(2)
    layer.mode = "fill"
    assert controller.state.tool == NO_TOOL
    layer.mode = "erase"
    assert controller.state.tool == ERASER


# -- operations ------------------------------------------------------------------------------------


def test_an_operation_changes_the_labels_the_table_and_the_message(controller, layer):
    before = controller.state.results[0].region_sizes()
    controller.editing.operate(Operation("grow", "WT", 2.0))
    edited = controller.state.edited[ALL]
    assert edited.region_sizes()["WT"] > before["WT"]
    assert edited.region_sizes()["ET"] == before["ET"]
    assert edited.provenance["edits"] == ["grow WT 2 mm"]
    assert controller.state.results[0].region_sizes() == before  # what was computed
    assert controller.state.message.text.startswith("grow WT 2 mm: ")
    assert not controller.state.operating


def test_the_canvas_says_that_the_result_is_edited(controller, viewer, layer):
    controller.editing.operate(Operation("grow", "WT", 2.0))
    assert viewer.canvas.overlays["missing"].text == "edited"
    controller.undo()
    assert viewer.canvas.overlays["missing"].text == ""


def test_an_operation_that_changes_nothing_says_so(controller, layer):
    controller.editing.operate(Operation("grow", "WT", 0.1))
    assert controller.state.message.text == "grow WT 0.1 mm: nothing to change"
    assert (controller.state.edited, controller.state.can_undo_edit) == ({}, False)


def test_an_operation_runs_in_another_thread(qtbot, panel, viewer, make_case, monkeypatch):
    threads, apply = [], editing.apply

    def noted(*args):
        threads.append(threading.get_ident())
        return apply(*args)

    monkeypatch.setattr(editing, "apply", noted)
    control = panel.controller
    add_case(viewer, make_case())
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    control.editing.operate(Operation("grow", "WT", 2.0))
    assert control.state.operating
    control.editing.operate(Operation("grow", "WT", 2.0))  # one at a time
    qtbot.waitUntil(lambda: not control.state.operating)
    assert control.state.edited[ALL].provenance["edits"] == ["grow WT 2 mm"]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_stroke_made_during_an_operation_is_kept(viewer, engine, make_case, layer, controller):
    waiting = []
    controller.editing._run = lambda job, handlers, stop: waiting.append((job, handlers))
    controller.editing.operate(Operation("grow", "WT", 2.0))
    layer.data_setitem(tuple(np.array([v]) for v in SPOT), 4)
    ((job, handlers),) = waiting
    for event in job():
        handlers.event(event)
    handlers.ended()
    assert layer.data[SPOT] == 4
    assert origin(layer)["edits"] == ["brush (1 stroke)", "grow WT 2 mm"]


def test_an_operation_on_a_result_that_is_replaced_meanwhile_is_dropped(controller, layer):
    waiting = []
    controller.editing._run = lambda job, handlers, stop: waiting.append((job, handlers))
    controller.editing.operate(Operation("grow", "WT", 2.0))
    layer.data = layer.data.copy()
    ((job, handlers),) = waiting
    before = layer.data.copy()
    for event in job():
        handlers.event(event)
    handlers.ended()
    assert (layer.data == before).all()
    assert "was not applied" in controller.state.message.text


# -- undo ------------------------------------------------------------------------------------------


def stroke(layer, place=SPOT, value=4) -> None:
    """A stroke of the brush; the event loop notes it when it is idle."""
    layer.data_setitem(tuple(np.array([v]) for v in place), value)


def test_strokes_and_operations_are_undone_in_turn_and_redone(controller, layer):
    states = [layer.data.copy()]
    stroke(layer)
    controller.editing.record()
    states.append(layer.data.copy())
    controller.editing.operate(Operation("grow", "ET", 2.0))
    states.append(layer.data.copy())
    for expected in (states[1], states[0]):
        controller.undo()
        assert (layer.data == expected).all()
    assert controller.state.edited == {}
    assert not controller.state.can_undo_edit
    for expected in states[1:]:
        assert controller.editing.redo()
        assert (layer.data == expected).all()
    assert not controller.editing.redo()


def test_a_new_stroke_ends_what_can_be_redone(controller, layer):
    stroke(layer)
    controller.undo()
    assert controller.state.can_redo_edit
    stroke(layer, (4, 5, 7))
    controller.editing.record()
    assert not controller.state.can_redo_edit


def test_a_stroke_in_a_pane_is_undone_after_leaving_the_grid(controller, viewer, layer):
    controller.set_view(View.GRID)
    stroke(viewer.layers["seg on T1"])
    controller.editing.record()
    controller.set_view(View.STACK)
    assert layer.data[SPOT] == 4
    controller.undo()
    assert layer.data[SPOT] == 0
    assert controller.state.edited == {}


def test_without_edits_undo_goes_back_to_the_run_before(controller, viewer, layer):
    controller.tick("T1", False)
    stroke(find_result(viewer, "anna", "FLAIR+T1ce+T2"))
    controller.undo()
    assert controller.state.shown == "FLAIR+T1ce+T2"
    controller.undo()
    assert controller.state.shown == ALL


def test_each_result_has_its_own_edits(controller, viewer, layer):
    stroke(layer)
    controller.editing.record()
    controller.tick("T1", False)
    assert not controller.state.can_undo_edit
    controller.show_result(ALL)
    assert controller.state.can_undo_edit
    controller.undo()
    assert layer.data[SPOT] == 0


def test_naparis_keys_undo_the_edits_of_the_result(controller, layer):
    editing = controller.editing
    stroke(layer)
    editing.record()
    keys = [layer.keymap[key] for key in layer.keymap]
    assert len(keys) == 2
    keys[0](layer)
    assert layer.data[SPOT] == 0
    keys[1](layer)
    assert layer.data[SPOT] == 4
    controller.close()
    assert not layer.keymap


# -- the panel -------------------------------------------------------------------------------------


@pytest.fixture
def shown(qtbot, panel, viewer, make_case, find):
    """The panel with a result and the row *Edit* open."""
    control = panel.controller
    add_case(viewer, make_case())
    assert not find(panel, "edit_box").isVisible()
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    find(panel, "edit").click()
    return panel


def test_there_is_a_button_per_label_of_the_task(shown, find, viewer):
    layer = find_result(viewer, "anna", ALL)
    for name, value in (("NCR", 1), ("ED", 2), ("ET", 4)):
        find(shown, f"paint_{name}", QPushButton).click()
        assert (layer.mode, layer.selected_label) == ("paint", value)
    find(shown, "paint_ET", QPushButton).click()  # puts the brush away
    assert layer.mode == "pan_zoom"
    find(shown, "eraser", QPushButton).click()
    assert layer.mode == "erase"
    assert not find(shown, "paint_ET", QPushButton).isChecked()


def test_the_brush_is_set_in_the_panel(shown, find, viewer):
    layer = find_result(viewer, "anna", ALL)
    find(shown, "brush_size", QSpinBox).setValue(5)
    find(shown, "brush_3d", QCheckBox).click()
    assert (layer.brush_size, layer.n_edit_dimensions) == (5, 3)


def test_the_buttons_operate_on_the_chosen_region(qtbot, shown, find):
    state = shown.controller.state
    assert find(shown, "edit_region", QComboBox).currentText() == "WT"
    find(shown, "edit_region", QComboBox).setCurrentText("ET")
    find(shown, "grow_amount", QDoubleSpinBox).setValue(1.5)
    find(shown, "grow", QPushButton).click()
    assert not find(shown, "grow", QPushButton).isEnabled()
    qtbot.waitUntil(lambda: not state.operating)
    assert state.edited[ALL].provenance["edits"] == ["grow ET 1.5 mm"]
    assert find(shown, "undo", QPushButton).isEnabled()
    find(shown, "undo_edit", QPushButton).click()
    assert state.edited == {}
    assert not find(shown, "undo_edit", QPushButton).isEnabled()
    find(shown, "redo_edit", QPushButton).click()
    assert ALL in state.edited


def test_the_row_fits_the_panel(shown, find):
    assert fits(find(shown, "edit_box"), 290)


def test_nothing_is_painted_in_3d(shown, find, viewer):
    shown.controller.set_view(View.THREE_D)
    assert not find(shown, "paint_ET", QPushButton).isEnabled()
    shown.controller.set_view(View.STACK)
    assert find(shown, "paint_ET", QPushButton).isEnabled()
