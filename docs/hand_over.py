"""The picture of docs/nninteractive.md: a region in the panel of another plugin.

xvfb-run python docs/hand_over.py docs/nninteractive.png

needs napari-nninteractive, which the site does without; so its picture is kept beside its page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QPushButton, QWidget
from scene import Scene, settle

WINDOW = (1500, 800)
PANEL = 400  # pixels: the other panel is cut off when it is narrower
REGION = "WT"


def main(path: Path) -> None:
    """Segment a phantom, hand a region over, and take a picture of the window."""
    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    viewer.open_sample("napari-shaspec", "phantom")
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    scene = Scene(viewer, panel, path.parent)
    panel.controller.segment()
    scene.finish()
    result = panel.controller.state.results[0]
    middle = np.argwhere(result.labels > 0).mean(axis=0)
    viewer.dims.point = tuple(np.add(result.grid.origin, middle * result.grid.spacing))
    panel.edit._fold.click()
    panel.edit._region.setCurrentText(REGION)
    panel.findChild(QPushButton, "shaspec_nninteractive").click()
    scene.wait(lambda: any(layer.name.startswith("mask") for layer in viewer.layers))
    settle(2)
    show(viewer)
    scene.window(path.name)
    viewer.close()


def show(viewer: napari.Viewer) -> None:
    """The other panel, as wide as it needs to be."""
    window = viewer.window._qt_window
    kinds = {type(widget).__name__: widget for widget in window.findChildren(QWidget)}
    other = kinds["nnInteractiveWidget"]
    dock = next(d for d in window.findChildren(QDockWidget) if d.isAncestorOf(other))
    window.resizeDocks([dock], [PANEL], Qt.Orientation.Horizontal)
    settle(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
