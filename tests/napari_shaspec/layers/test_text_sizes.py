"""Texts on the canvas in two sizes, as the setting *Large type* asks."""

from __future__ import annotations

import gc

import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest

from napari_shaspec.layers.diameters import show_diameters
from napari_shaspec.layers.presence import name_missing
from napari_shaspec.layers.text_sizes import CAPTION, NAPARI, TextWatch
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.menus import switch_large_type
from shaspec.measuring import measure
from shaspec.prediction import Prediction


@pytest.fixture
def display(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    kept = get_plugin_settings("napari-shaspec").display
    yield kept
    kept.large_type = False  # kept between tests


@pytest.fixture
def followed(viewer, make_case, display):
    """A viewer with every kind of text."""
    case = make_case()
    add_case(viewer, case)
    name_missing(viewer, ["T1ce"])
    subset = case.task.subset(case.volumes)
    result = Prediction("anna", case.task, case.grid, subset, case.labels, {})
    show_diameters(viewer, measure(result, "WT"), case.grid)
    watch = TextWatch(viewer)
    yield viewer
    del watch


def test_it_ends_with_its_owner(viewer, display, make_case):
    watch = TextWatch(viewer)
    del watch
    gc.collect()
    display.large_type = True
    add_case(viewer, make_case())
    assert viewer.canvas.overlays.scale_bar.font_size == NAPARI.usual


def sizes(viewer) -> set[tuple[str, float]]:
    overlays = viewer.canvas.overlays
    shapes = next(layer for layer in viewer.layers if "diameters" in layer.name)
    return {
        ("caption", overlays["missing"].font_size),
        ("bar", overlays.scale_bar.font_size),
        ("lengths", shapes.text.size),
        *(("name", layer.name_overlay.font_size) for layer in viewer.layers),
    }


USUAL = {("caption", CAPTION.usual), *((n, NAPARI.usual) for n in ("bar", "lengths", "name"))}
LARGE = {("caption", CAPTION.large), *((n, NAPARI.large) for n in ("bar", "lengths", "name"))}


def test_all_texts_become_large_and_usual_again(followed, display):
    assert sizes(followed) == USUAL
    display.large_type = True
    assert sizes(followed) == LARGE
    display.large_type = False
    assert sizes(followed) == USUAL


def test_a_layer_that_is_added_later_has_the_size_of_the_others(followed, display, make_case):
    display.large_type = True
    add_case(followed, make_case("berta"))
    assert sizes(followed) == LARGE


def test_a_size_that_the_user_has_set_stays(followed, display):
    followed.canvas.overlays.scale_bar.font_size = 13
    display.large_type = True
    assert followed.canvas.overlays.scale_bar.font_size == 13
    display.large_type = False
    assert followed.canvas.overlays.scale_bar.font_size == 13


def test_the_menu_switches_it_where_no_panel_is_open(viewer, display):
    switch_large_type(viewer)
    assert display.large_type
    assert viewer.canvas.overlays.scale_bar.font_size == NAPARI.large
    switch_large_type(viewer)
    assert not display.large_type
    assert viewer.canvas.overlays.scale_bar.font_size == NAPARI.usual
