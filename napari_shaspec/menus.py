"""Commands in napari's menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_shaspec.layers.text_sizes import fit_texts
from napari_shaspec.settings import PLUGIN, section

if TYPE_CHECKING:
    import napari


def open_segment(viewer: napari.Viewer) -> None:
    """*Layers > Segment > ...*: opens the panel, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Segment")


def open_robustness(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Robustness")


def open_compare(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Compare")


def open_dates(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Two dates")


def open_features(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: opens the panel, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Features")


def open_tour(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: opens the guided tour, or brings it to the front."""
    viewer.window.add_plugin_dock_widget(PLUGIN, "Guided tour")


def switch_large_type(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: large texts in all panels and on the canvas, or usual ones."""
    display = section("display")
    if display is not None:
        display.large_type = not display.large_type
        fit_texts(viewer)
