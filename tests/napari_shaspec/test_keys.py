"""Keys do in the viewer what the panel's controls do, and are gone when it closes."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding

from napari_shaspec import keys
from napari_shaspec.controller import SegmentController
from napari_shaspec.jobs import run_here
from napari_shaspec.layers import show
from napari_shaspec.layers.arrange import View


@pytest.fixture
def press(viewer):
    """A key on the canvas, where the active layer hears it first."""

    def strike(key: str) -> bool:
        handler = KeymapHandler()
        active = viewer.layers.selection.active
        handler.keymap_providers = [viewer] if active is None else [active, viewer]
        return handler.press_key(key)

    return strike


def test_a_digit_ticks_the_modality_of_that_row(controller, viewer, make_case, press):
    show.add_case(viewer, make_case())
    controller.segment()
    viewer.layers.selection.active = viewer.layers[-1]  # a label layer, with tools on 1 to 7
    press("Alt+3")
    assert controller.work.present == {"FLAIR", "T1", "T2"}
    assert controller.work.shown == "FLAIR+T1+T2"
    press("Alt+3")
    assert "T1ce" in controller.work.present
    press("Alt+9")
    assert len(controller.work.present) == 4


def test_a_row_without_a_layer_cannot_be_ticked(controller, viewer, make_case, press):
    show.add_case(viewer, make_case(present=("FLAIR",)))
    press("Alt+2")
    assert controller.work.present == {"FLAIR"}


def test_segment_and_grid(controller, viewer, make_case, press):
    show.add_case(viewer, make_case())
    press(keys.SEGMENT)
    assert controller.work.shown == "FLAIR+T1+T1ce+T2"
    press(keys.GRID)
    assert (controller.work.view, viewer.canvas.grid.enabled) == (View.GRID, True)
    press(keys.GRID)
    assert (controller.work.view, viewer.canvas.grid.enabled) == (View.STACK, False)


def test_compare_goes_between_the_last_two_results(controller, viewer, make_case, press):
    show.add_case(viewer, make_case())
    controller.segment()
    press(keys.COMPARE)
    assert "Nothing to compare" in controller.work.message.text
    controller.tick("T1", False)
    controller.tick("T2", False)
    seen = []
    for _ in range(3):
        press(keys.COMPARE)
        seen.append(controller.work.shown)
        visible = [la.name for la in viewer.layers if la.name.startswith("seg") and la.visible]
        assert visible == [f"seg · {controller.work.shown}"]
    assert seen == ["FLAIR+T1ce+T2", "FLAIR+T1ce", "FLAIR+T1ce+T2"]


def test_compare_does_not_go_to_a_result_that_was_removed(controller, viewer, make_case, press):
    show.add_case(viewer, make_case())
    controller.segment()
    controller.tick("T1", False)
    controller.tick("T2", False)
    viewer.layers.remove(viewer.layers["seg · FLAIR+T1ce+T2"])
    press(keys.COMPARE)
    assert controller.work.shown == "FLAIR+T1+T1ce+T2"


def test_no_key_of_napari_is_taken(controller, viewer):
    theirs = {str(key) for cls in (ViewerModel, Image, Labels) for key in cls.class_keymap}
    assert theirs
    assert not theirs & {str(coerce_keybinding(key)) for key in controller.actions}


def test_a_key_that_the_user_has_bound_stays_the_users(viewer, engine, make_case, press):
    mine = []
    viewer.bind_key("Alt+G", lambda _: mine.append(1))
    control = SegmentController(viewer, engine=engine, run=run_here)
    press("Alt+G")
    assert (mine, control.work.view) == ([1], View.STACK)
    control.close()
    press("Alt+G")
    assert mine == [1, 1]


def test_closing_gives_the_keys_back(controller, viewer):
    assert viewer.keymap
    controller.close()
    assert not viewer.keymap
