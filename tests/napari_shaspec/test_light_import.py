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
import sys
import napari, napari.layers, napari._qt.qt_main_window
before = set(sys.modules)
import napari_shaspec.{panel}.panel
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.slow
@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_imports_no_reader_and_no_network(panel: str) -> None:
    code = CODE.format(panel=panel)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    assert f"napari_shaspec.{panel}.panel" in imported
    assert not LATER & imported
