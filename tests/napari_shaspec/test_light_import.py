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


FIGURES = """
import sys
from qtpy.QtWidgets import QApplication
from napari_shaspec.jobs.importing import load_plotting
app = QApplication([])
import napari_shaspec.segment.look, shaspec.report.content
print(*[name for name in sys.modules if name.startswith("matplotlib")], sep="\\n", end="|")
load_plotting()
before = set(sys.modules)
from napari_shaspec.layers.probabilities import glow
from napari_shaspec.train.history import LossCurve
from napari_shaspec.train.loss_plot import LossPlot
from napari_shaspec.train.validation_view import heat
from shaspec.training.events import Step
curve, plot = LossCurve(), LossPlot()
for number in range(3):
    curve.append(Step(number, 0.1, 0.1, {"loss": 1.0}))
plot.show_curve(curve)
plot.show()
plot.view.canvas.draw()
glow("some"), heat(0.5)
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(new & {"matplotlib", "PIL", "pyparsing"}))
"""


@pytest.mark.slow
def test_a_job_imports_what_its_figures_need() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIGURES],
        capture_output=True, text=True, check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    earlier, later = done.stdout.split("|")
    assert not earlier.split()  # the caption of a picture needs no plotting
    assert not later.split()
