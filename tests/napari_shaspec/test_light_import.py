"""A panel opens without what only its jobs need: readers, networks, image processing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

LATER = {
    "matplotlib",
    "nibabel",
    "nrrd",
    "pydicom",
    "scipy.ndimage",
    "scipy.spatial",
    "skimage",
    "torch",
}
PANELS = (
    "cohort", "compare", "dates", "features", "models", "robustness", "segment", "tour", "train",
)  # fmt: skip
CODE = """
import importlib, sys
import napari, napari.layers, napari._qt.qt_main_window
before = set(sys.modules)
for panel in {panels!r}:
    importlib.import_module(f"napari_shaspec.{panel}.panel")
print(*sorted(set(sys.modules) - before))
"""
OPENED = """
import sys
import napari, napari.layers, napari._qt.qt_main_window
from napari.components import ViewerModel
from npe2 import PluginManager
from qtpy.QtWidgets import QApplication
before = set(sys.modules)
app, viewer, manager = QApplication([]), ViewerModel(), PluginManager.instance()
manager.discover()
widgets = manager.get_manifest("napari-shaspec").contributions.widgets
panels = [widget.exec(args=(viewer,)) for widget in widgets]
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [CODE, OPENED], ids=["imported", "opened"])
def test_panels_import_no_reader_and_no_network(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code.replace("{panels!r}", repr(PANELS))],
        capture_output=True, text=True, check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    imported = set(done.stdout.split())
    assert {f"napari_shaspec.{panel}.panel" for panel in PANELS} <= imported
    assert not LATER & imported
