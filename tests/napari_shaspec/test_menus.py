"""napari's menus open the sample case and the panels."""

from __future__ import annotations

import time

import pytest
from qtpy.QtCore import QTimer

from napari_shaspec import chosen_engine
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.widgets.panel import opener

pytestmark = pytest.mark.gui


def test_the_sample_case_opens_from_the_menu(make_napari_viewer, monkeypatch, make_case):
    ticks = []

    def slowly(seed, task):
        begun = len(ticks)
        deadline = time.monotonic() + 30
        while len(ticks) < begun + 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert task == "brats"
        return make_case(f"phantom-{seed}")

    monkeypatch.setattr("shaspec.phantom.make_case", slowly)
    viewer = make_napari_viewer()
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(10)
    viewer.open_sample("napari-shaspec", "phantom")
    timer.stop()
    assert len(ticks) >= 3  # the window lived on while the case was made
    assert [layer.name for layer in viewer.layers] == ["T2", "T1ce", "T1", "FLAIR", "truth"]
    assert viewer.layers[0].metadata["shaspec"]["case"] == "phantom-9000000"
    assert viewer.scene.camera.orientation == ("away", "down", "right")


def test_the_menu_opens_the_panel(make_napari_viewer, monkeypatch, engine):
    from npe2 import PluginManager

    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer()
    command = PluginManager.instance().commands.get("napari-shaspec.open_segment")
    command(viewer)
    assert any("Segment" in name for name in viewer.window.dock_widgets)


def test_a_panel_that_is_open_already_is_not_opened_a_second_time(
    make_napari_viewer, monkeypatch, engine
):
    """napari's menu names the dock after the display name of the plugin, a call after its name."""
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    first = FeaturesPanel(viewer)
    viewer.window.add_dock_widget(first, name="Features (ShaSpec)")
    assert opener(viewer)("Features") is first
    segment = opener(viewer)("Segment")
    assert opener(viewer)("Segment") is segment
    assert len(viewer.window.dock_widgets) == 2
