"""A region is handed to napari-nninteractive: only where it is installed, and as a copy."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QComboBox, QGroupBox, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_shaspec import chosen_engine
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.nninteractive import PLUGIN, panel_of_plugin
from napari_shaspec.segment.panel import SegmentPanel
from shaspec.editing import Operation

pytestmark = pytest.mark.usefixtures("no_bugs")

ALL = "FLAIR+T1+T1ce+T2"


class Other(QWidget):
    """What this plugin needs of the panel of the other one (2.5): two lists and a class."""

    def __init__(self, napari_viewer) -> None:
        super().__init__()
        self.image_selection, self.label_for_init = QComboBox(), QComboBox()
        self.class_for_init = QSpinBox()
        self._viewer = napari_viewer
        column = QVBoxLayout(self)
        column.addWidget(self.image_selection)
        self.fold = QGroupBox("Initialize with Segmentation:")
        self.fold.setCheckable(True)
        self.fold.setChecked(False)
        column.addWidget(self.fold)
        inner = QVBoxLayout(self.fold)
        for view in (self.label_for_init, self.class_for_init):
            inner.addWidget(view)
        napari_viewer.layers.events.inserted.connect(self.list_layers)
        self.list_layers()

    def list_layers(self, *_) -> None:
        for box, kind in ((self.image_selection, "Image"), (self.label_for_init, "Labels")):
            names = [la.name for la in self._viewer.layers if type(la).__name__ == kind]
            box.addItems([name for name in names if box.findText(name) < 0])


class Changed(QWidget):
    """A later version with other fields."""

    def __init__(self, napari_viewer) -> None:
        super().__init__()


class Broken(QWidget):
    """One that cannot be started, e.g. without its network library."""

    def __init__(self, napari_viewer) -> None:
        raise ImportError("no module named nnInteractive")


@pytest.fixture
def install(monkeypatch, npe2pm):
    """Installs a fake of the other plugin with a panel of a class."""

    def put(kind=Other) -> None:
        module = ModuleType("fake_nninteractive")
        module.nnInteractiveWidget = kind
        monkeypatch.setitem(sys.modules, "fake_nninteractive", module)
        command = f"{PLUGIN}.nnInteractiveWidget"
        contributions = {
            "commands": [
                {
                    "id": command,
                    "python_name": "fake_nninteractive:nnInteractiveWidget",
                    "title": "nnInteractive",
                }
            ],
            "widgets": [{"command": command, "display_name": "nnInteractive"}],
        }
        npe2pm.register(PluginManifest(name=PLUGIN, contributions=contributions))

    return put


@pytest.fixture
def segmented(make_napari_viewer, qtbot, monkeypatch, engine, make_case):
    """Makes a window with a result in the panel."""
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)

    def make():
        viewer = make_napari_viewer(show=True)
        panel = SegmentPanel(viewer)
        viewer.window.add_dock_widget(panel)
        add_case(viewer, make_case())
        panel.controller.segment()
        qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
        panel.edit._fold.click()
        return viewer, panel

    return make


def hand(panel, qtbot, region="TC") -> str:
    """Presses the button; returns what the panel says."""
    panel.edit._region.setCurrentText(region)
    state = panel.controller.state
    said = state.message.text
    panel.findChild(QPushButton, "shaspec_nninteractive").click()
    qtbot.waitUntil(lambda: state.message.text != said, timeout=30_000)
    return state.message.text


def test_without_the_plugin_there_is_no_button(segmented):
    _, panel = segmented()
    assert panel_of_plugin() is None
    assert panel.edit._undo.isVisible()
    assert not panel.findChild(QPushButton, "shaspec_nninteractive").isVisible()


def test_a_plugin_that_is_turned_off_counts_as_not_installed(install, npe2pm):
    install()
    assert panel_of_plugin() == "nnInteractive"
    npe2pm.disable(PLUGIN)
    assert panel_of_plugin() is None


def test_the_plugin_opens_with_an_image_and_the_edited_region(
    install, segmented, qtbot, task, notifications
):
    install()
    viewer, panel = segmented()
    assert panel.findChild(QPushButton, "shaspec_nninteractive").isVisible()
    control = panel.controller
    control.editing.operate(Operation("grow", "WT", 2.0))
    qtbot.waitUntil(lambda: ALL in control.state.edited, timeout=30_000)
    result = find_result(viewer, "anna", ALL)
    before = result.data.copy()
    said = hand(panel, qtbot, "WT")
    (mask,) = of_kind(viewer, "mask")
    index = task.region_names.index("WT")
    np.testing.assert_array_equal(mask.data == 1, task.region_masks(before)[index])
    np.testing.assert_array_equal(result.data, before)
    assert not np.shares_memory(mask.data, result.data)
    assert not mask.visible
    (other,) = viewer.window._qt_window.findChildren(Other)
    assert other.image_selection.currentText() == "FLAIR"
    assert other.label_for_init.currentText() == mask.name
    assert other.class_for_init.value() == 1
    assert other.fold.isChecked()
    assert "Initialize with Mask" in said
    assert notifications[-1] == said
    panel.controller.state.message = type(control.state.message)()
    hand(panel, qtbot, "WT")
    assert len(list(of_kind(viewer, "mask"))) == 1


@pytest.mark.parametrize("kind", [Changed, Broken])
def test_another_version_of_the_plugin_is_no_dead_end(install, segmented, qtbot, kind):
    install(kind)
    viewer, panel = segmented()
    said = hand(panel, qtbot)
    (mask,) = of_kind(viewer, "mask")
    assert repr(mask.name) in said
    assert ("cannot be opened" in said) is (kind is Broken)


def test_an_image_on_another_grid_is_not_handed_over(install, segmented, qtbot):
    install()
    viewer, panel = segmented()
    for layer in of_kind(viewer, "modality"):
        layer.scale = (1.0, 1.0, 1.0)
    assert "needs an image" in hand(panel, qtbot)
    assert not list(of_kind(viewer, "mask"))
