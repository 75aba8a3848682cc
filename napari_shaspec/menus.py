"""Commands in napari's menus.

A widget command in the manifest would close a panel that is open; these bring it to the front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_shaspec.layers.text_sizes import fit_texts
from napari_shaspec.settings import section
from napari_shaspec.widgets.panel import opener

if TYPE_CHECKING:
    import napari


def open_segment(viewer: napari.Viewer) -> None:
    """*Layers > Segment > ...*: opens the panel, or brings it to the front."""
    opener(viewer)("Segment")


def open_robustness(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    opener(viewer)("Robustness")


def open_compare(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    opener(viewer)("Compare")


def open_dates(viewer: napari.Viewer) -> None:
    """*Layers > Measure > ...*: opens the panel, or brings it to the front."""
    opener(viewer)("Two dates")


def open_features(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: opens the panel, or brings it to the front."""
    opener(viewer)("Features")


def open_tour(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: opens the guided tour, or brings it to the front."""
    opener(viewer)("Guided tour")


def switch_large_type(viewer: napari.Viewer) -> None:
    """*Layers > Visualize > ...*: large texts in all panels and on the canvas, or usual ones."""
    display = section("display")
    if display is not None:
        display.large_type = not display.large_type
        fit_texts(viewer)
