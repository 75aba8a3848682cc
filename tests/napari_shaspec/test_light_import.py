"""A panel opens without what only its jobs need: readers, networks, image processing."""

from __future__ import annotations

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
    importlib.import_module(f"napari_shaspec.{{panel}}.panel")
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_panels_import_no_reader_and_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE.format(panels=PANELS)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = set(done.stdout.split())
    assert {f"napari_shaspec.{panel}.panel" for panel in PANELS} <= imported
    assert not LATER & imported
