"""Tests with a real window: positions of pixels, and closing during jobs."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt, QThreadPool
from qtpy.QtWidgets import QCheckBox, QPushButton

from napari_shaspec import chosen_engine
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.models import controller
from napari_shaspec.models.worker import CheckpointImport
from napari_shaspec.tour import actions
from shaspec.inference.events import Progress
from tests.napari_shaspec.waiting import wait_for_layout, wait_until_freed

pytestmark = pytest.mark.gui


@pytest.fixture
def open_panel(make_napari_viewer, qtbot, monkeypatch, engine) -> Callable:
    """A shown viewer with the panel, opened as a user does it; sessions are pretended."""
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)

    def make():
        viewer = make_napari_viewer(show=True)
        viewer.window.resize(1200, 800)
        _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
        wait_for_layout(qtbot, viewer)
        return viewer, panel

    return make


def press(qtbot, panel, name, kind=QPushButton):
    widget = panel.findChild(kind, f"shaspec_{name}")
    place = widget.rect().center()
    if kind is QCheckBox:
        place.setX(8)
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def segment(qtbot, panel):
    press(qtbot, panel, "run")
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)


def picture(viewer) -> np.ndarray:
    """The canvas as floats (rows, columns, rgb) in 0..1."""
    image = viewer.screenshot(canvas_only=True, flash=False)
    return image[..., :3].astype(float) / 255


def coloured(image: np.ndarray) -> np.ndarray:
    """Mask of pixels that are not grey: the overlay."""
    return image.max(axis=-1) - image.min(axis=-1) > 0.15


def middle(mask: np.ndarray) -> np.ndarray:
    """Centre (row, column) of a mask that must not be empty."""
    assert mask.any()
    return np.argwhere(mask).mean(axis=0)


def bare(viewer):
    """Nothing coloured or white on the canvas but the layers."""
    viewer.canvas.overlays.scale_bar.visible = False
    viewer.canvas.overlays.missing.visible = False


def test_the_overlay_is_where_the_tumour_is(open_panel, qtbot, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    segment(qtbot, panel)
    bare(viewer)
    viewer.dims.set_current_step(0, 12)
    overlay = coloured(picture(viewer))
    viewer.layers["seg · FLAIR+T1+T1ce+T2"].visible = False
    grey = picture(viewer).mean(axis=-1)
    tumour = grey > 0.9  # brighter than the rest of the synthetic head
    assert np.abs(middle(overlay) - middle(tumour)).max() < 6
    # CENTRE is posterior and left: in a radiological view low and on the right.
    row, column = middle(overlay)
    head = middle(grey > 0.2)
    assert row > head[0]
    assert column > head[1]


def test_in_3d_the_patients_left_is_on_the_viewers_right(open_panel, qtbot, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    segment(qtbot, panel)
    press(qtbot, panel, "view_3d")
    bare(viewer)
    viewer.scene.camera.set_view_direction((0, 1, 0), (1, 0, 0))  # from the front, upright
    image = picture(viewer)
    tumour = middle(coloured(image))
    head = middle(image.mean(axis=-1) > 0.03)
    assert tumour[1] > head[1] + 20


def test_side_by_side_shows_four_panes_and_dims_absent_modalities(open_panel, qtbot, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    segment(qtbot, panel)
    press(qtbot, panel, "view_grid")
    press(qtbot, panel, "tick_T1ce", QCheckBox)
    qtbot.waitUntil(lambda: len(panel.controller.state.results) == 2, timeout=30_000)
    bare(viewer)
    viewer.dims.set_current_step(0, 12)
    image = picture(viewer)
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    panes = {
        "FLAIR": image[:rows, :columns],
        "T1": image[:rows, columns:],
        "T1ce": image[rows:, :columns],
        "T2": image[rows:, columns:],
    }
    light = {name: pane[~coloured(pane)].mean() for name, pane in panes.items()}
    assert all(coloured(pane).any() for pane in panes.values())
    assert light["T1ce"] < 0.6 * min(light[name] for name in ("FLAIR", "T1", "T2"))


def test_another_case_is_first_seen_as_napari_shows_layers(open_panel, qtbot, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    segment(qtbot, panel)
    for view in (View.GRID, View.THREE_D):
        press(qtbot, panel, f"view_{view.value}")
        add_case(viewer, make_case(f"case {view.value}", present=("FLAIR", "T1"), seed=2))
        assert panel.controller.state.view is View.STACK
        assert viewer.dims.ndisplay == 2
        segment(qtbot, panel)
        picture(viewer)
    assert {layer.name for layer in viewer.layers} >= {"seg · FLAIR+T1+T1ce+T2", "seg · FLAIR+T1"}


def test_the_cross_of_the_panel_ends_a_running_job(open_panel, qtbot, make_case, engine):
    engine.options = {"pause": 0.02, "windows": 1000}
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    press(qtbot, panel, "run")
    qtbot.waitUntil(lambda: panel.controller.state.progress.done > 1, timeout=30_000)
    viewer.window.remove_dock_widget(panel)
    qtbot.waitUntil(lambda: engine.sessions[0].released == 1, timeout=30_000)
    assert len(viewer.layers) == 5


def test_nothing_is_kept_of_a_panel_that_was_closed(open_panel, qtbot, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    segment(qtbot, panel)
    kept = [weakref.ref(panel.controller), weakref.ref(panel)]
    viewer.window.remove_dock_widget(panel)
    del panel
    wait_until_freed(qtbot, *kept)


def test_napari_can_be_closed_while_a_job_runs(open_panel, qtbot, make_case, engine):
    engine.options = {"pause": 0.02, "windows": 1000}
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    press(qtbot, panel, "run")
    qtbot.waitUntil(lambda: panel.controller.state.progress.done > 1, timeout=30_000)
    viewer.close()
    qtbot.waitUntil(lambda: engine.sessions[0].closed == 1, timeout=30_000)


def test_a_sweep_shows_the_row_that_is_clicked(
    make_napari_viewer, qtbot, monkeypatch, engine, make_case
):
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Robustness")
    add_case(viewer, make_case())
    press(qtbot, panel, "run")
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    viewer.canvas.overlays.scale_bar.visible = False
    viewer.dims.set_current_step(0, 12)
    areas = {}
    for subset in (("T2",), ("FLAIR", "T1", "T1ce", "T2")):
        panel.controller.show_row("instant", subset)
        areas[len(subset)] = coloured(picture(viewer)).sum()
    assert 0 < areas[1] < areas[4]
    press(qtbot, panel, "disagreement")
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=30_000)
    glow = coloured(picture(viewer))
    assert 0 < glow.sum() < areas[4]  # a ring: of the middle all subsets say the same


def test_the_cross_of_the_robustness_panel_ends_a_running_sweep(
    make_napari_viewer, qtbot, monkeypatch, engine, make_case
):
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    engine.options = {"pause": 0.02, "windows": 1000}
    viewer = make_napari_viewer(show=True)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Robustness")
    add_case(viewer, make_case())
    press(qtbot, panel, "run")
    qtbot.waitUntil(lambda: panel.controller.state.progress.done > 0, timeout=30_000)
    viewer.window.remove_dock_widget(panel)
    qtbot.waitUntil(lambda: engine.sessions[0].released == 1, timeout=30_000)


def test_keys_are_heard_on_the_canvas_and_in_the_panel(qtbot, open_panel, make_case):
    viewer, panel = open_panel()
    add_case(viewer, make_case())
    state = panel.controller.state
    canvas = viewer.window._qt_viewer.canvas.native
    qtbot.keyClick(canvas, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert state.present == {"T1", "T1ce", "T2"}
    viewer.window._qt_window.activateWindow()
    tick = panel.findChild(QCheckBox, "shaspec_tick_T1")
    tick.setFocus()
    qtbot.waitUntil(tick.hasFocus, timeout=10_000)
    qtbot.keyClick(tick, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert state.present == {"T1ce", "T2"}
    qtbot.keyClick(canvas, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: state.status is Status.DONE, timeout=30_000)
    assert state.shown == "T1ce+T2"
    in_menus = {str(bound.keybinding) for bound in get_app_model().keybindings}
    assert "Alt+S" in in_menus
    assert not in_menus & set(panel.controller.actions)
    viewer.window.remove_dock_widget(panel)
    assert not viewer.keymap


def test_the_guided_tour_and_then_napari_can_be_closed_while_a_step_runs(
    make_napari_viewer, qtbot, monkeypatch, engine, make_case
):
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    monkeypatch.setattr(actions, "_fits", lambda card: True)
    engine.options = {"pause": 0.02, "windows": 1000}
    viewer = make_napari_viewer(show=True)
    add_case(viewer, make_case())
    _, tour = viewer.window.add_plugin_dock_widget("napari-shaspec", "Guided tour")
    names = [step.action for step in tour.controller.state.steps]
    tour.controller.go(names.index("segment_from_all"))
    press(qtbot, tour, "run")
    qtbot.waitUntil(lambda: tour.controller.state.progress.done > 1, timeout=30_000)
    viewer.window.remove_dock_widget(tour)
    assert engine.sessions[0].closed == 0  # the job is that of the panel Segment
    assert len(viewer.layers) == 5
    viewer.close()
    qtbot.waitUntil(lambda: engine.sessions[0].closed == 1, timeout=30_000)
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=30_000)


def test_the_cross_of_the_panel_models_ends_an_import(make_napari_viewer, qtbot, monkeypatch):
    ended = []

    def slow(_checkpoint):
        try:
            while True:
                time.sleep(0.01)
                yield Progress(0, 0, "converting")
        finally:
            ended.append(True)

    monkeypatch.setattr(controller, "import_checkpoint", slow)
    viewer = make_napari_viewer(show=True)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Models")
    panel.controller.import_checkpoint(CheckpointImport(Path("weights.pth"), Path("model")))
    state = panel.controller.state
    # Not the stage that the panel shows at once: a job that has not begun yet never begins.
    qtbot.waitUntil(lambda: state.progress.stage == "converting", timeout=30_000)
    viewer.window.remove_dock_widget(panel)
    qtbot.waitUntil(lambda: bool(ended), timeout=30_000)
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=30_000)
    assert len(viewer.layers) == 0


@pytest.mark.parametrize("name", ["Guided tour", "Models"])
def test_a_panel_below_the_picture_fits_a_small_screen(qtbot, open_panel, make_case, name):
    viewer, _ = open_panel()
    viewer.window.resize(1366, 768)
    add_case(viewer, make_case())
    viewer.layers.selection = {viewer.layers["truth"]}  # the controls of labels are the highest
    dock, _ = viewer.window.add_plugin_dock_widget("napari-shaspec", name)
    below = Qt.DockWidgetArea.BottomDockWidgetArea
    window = dock.parent()
    qtbot.waitUntil(lambda: window.dockWidgetArea(dock) == below, timeout=30_000)
    qtbot.wait(100)  # the layout settles
    bars = 120  # of the desktop and of the window itself
    assert window.minimumSizeHint().height() <= 768 - bars
