"""Keyboard shortcuts work in the viewer and are removed with the panel."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment import shortcuts
from napari_shaspec.segment.controller import SegmentController


@pytest.fixture
def press(viewer):
    """A key on the canvas, where the active layer hears it first."""

    def strike(key: str) -> bool:
        handler = KeymapHandler()
        active = viewer.layers.selection.active
        handler.keymap_providers = [viewer] if active is None else [active, viewer]
        return handler.press_key(key)

    return strike


def test_a_digit_ticks_the_modality_of_that_row(controller, viewer, segmented, press):
    viewer.layers.selection.active = viewer.layers[-1]  # a label layer, with tools on 1 to 7
    press("Alt+3")
    assert controller.state.present == {"FLAIR", "T1", "T2"}
    assert controller.state.shown == "FLAIR+T1+T2"
    press("Alt+3")
    assert "T1ce" in controller.state.present
    press("Alt+9")
    assert len(controller.state.present) == 4


def test_a_row_without_a_layer_cannot_be_ticked(controller, viewer, make_case, press):
    add_case(viewer, make_case(present=("FLAIR",)))
    press("Alt+2")
    assert controller.state.present == {"FLAIR"}


def test_segment_and_grid(controller, viewer, make_case, press):
    add_case(viewer, make_case())
    press(shortcuts.SEGMENT)
    assert controller.state.shown == "FLAIR+T1+T1ce+T2"
    press(shortcuts.GRID)
    assert (controller.state.view, viewer.canvas.grid.enabled) == (View.GRID, True)
    press(shortcuts.GRID)
    assert (controller.state.view, viewer.canvas.grid.enabled) == (View.STACK, False)


def test_compare_switches_between_the_last_two_results(controller, viewer, segmented, press):
    press(shortcuts.COMPARE)
    assert "Nothing to compare" in controller.state.message.text
    controller.tick("T1", False)
    controller.tick("T2", False)
    seen = []
    for _ in range(3):
        press(shortcuts.COMPARE)
        seen.append(controller.state.shown)
        visible = [la.name for la in viewer.layers if la.name.startswith("seg") and la.visible]
        assert visible == [f"seg · {controller.state.shown}"]
    assert seen == ["FLAIR+T1ce+T2", "FLAIR+T1ce", "FLAIR+T1ce+T2"]


def test_compare_does_not_go_to_a_result_that_was_removed(controller, viewer, segmented, press):
    controller.tick("T1", False)
    controller.tick("T2", False)
    viewer.layers.remove(viewer.layers["seg · FLAIR+T1ce+T2"])
    press(shortcuts.COMPARE)
    assert controller.state.shown == "FLAIR+T1+T1ce+T2"


def test_no_key_of_napari_is_taken(controller, viewer):
    theirs = {str(key) for cls in (ViewerModel, Image, Labels) for key in cls.class_keymap}
    assert theirs
    assert not theirs & {str(coerce_keybinding(key)) for key in controller.actions}


def test_a_key_that_the_user_has_bound_stays_the_users(viewer, engine, make_case, press):
    mine = []
    viewer.bind_key("Alt+G", lambda _: mine.append(1))
    control = SegmentController(viewer, engine=engine, run=run_here)
    press("Alt+G")
    assert (mine, control.state.view) == ([1], View.STACK)
    control.close()
    press("Alt+G")
    assert mine == [1, 1]


def test_closing_gives_the_keys_back(controller, viewer):
    assert viewer.keymap
    controller.close()
    assert not viewer.keymap
