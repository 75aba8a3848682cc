"""Editing, measuring and pictures in a real window, with the mouse and the keyboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog, QPushButton, QToolButton

from napari_shaspec import chosen_engine
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View

pytestmark = pytest.mark.gui

ALL = "FLAIR+T1+T1ce+T2"


@pytest.fixture
def segmented(make_napari_viewer, qtbot, monkeypatch, engine, make_case) -> Callable:
    """A shown viewer with a result in the panel."""
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    add_case(viewer, make_case())
    panel.controller.segment()
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    return viewer, panel


def press(panel, name, kind=QPushButton) -> None:
    panel.findChild(kind, f"shaspec_{name}").click()


@pytest.mark.parametrize("view", ["stack", "grid"])
def test_a_stroke_of_the_mouse_is_counted_and_undone_by_the_keyboard(segmented, qtbot, view):
    viewer, panel = segmented
    state = panel.controller.state
    press(panel, f"view_{view}")
    press(panel, "edit", QToolButton)
    press(panel, "eraser")
    canvas = viewer.window._qt_viewer.canvas.native
    place = QPoint(canvas.width() // 2, canvas.height() // 2)
    if view == "grid":
        place = QPoint(canvas.width() // 4, canvas.height() // 4)
    panel.controller.editing.set_brush(40, in_3d=False)
    qtbot.mouseMove(canvas, place - QPoint(30, 0))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place - QPoint(30, 0))
    qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: ALL in state.edited, timeout=30_000)
    assert state.edited[ALL].region_sizes()["WT"] < state.results[0].region_sizes()["WT"]
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not state.edited, timeout=30_000)


def test_diameters_and_a_picture_with_its_caption(segmented, qtbot, monkeypatch, tmp_path):
    viewer, panel = segmented
    press(panel, "measure_fold", QToolButton)
    press(panel, "measure")
    qtbot.waitUntil(lambda: panel.controller.state.measured is not None, timeout=30_000)
    path = tmp_path / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(panel, "picture")
    qtbot.waitUntil(path.is_file, timeout=30_000)
    page = np.asarray(Image.open(path))
    canvas = viewer.screenshot(canvas_only=True, flash=False)
    assert page.shape[1] == canvas.shape[1]
    assert page.shape[0] > canvas.shape[0]
    assert page[canvas.shape[0] :].any()


def rows(viewer) -> list[str]:
    """The names in napari's list of layers."""
    view = viewer.window._qt_viewer.layers
    shown = [row for row in range(view.model().rowCount()) if not view.isRowHidden(row)]
    return [view.model().index(row, 0).data() for row in shown]


@pytest.mark.parametrize("name", ["gridViewButton", "ndisplayButton"])
def test_no_view_is_pressed_in_a_view_of_napari_and_stack_leaves_it(segmented, qtbot, name):
    viewer, panel = segmented
    buttons = {view: panel.findChild(QPushButton, f"shaspec_view_{view.value}") for view in View}
    getattr(viewer.window._qt_viewer.viewerButtons, name).click()
    qtbot.waitUntil(lambda: not any(button.isChecked() for button in buttons.values()))
    press(panel, "view_stack")
    assert [view for view in View if buttons[view].isChecked()] == [View.STACK]
    assert not viewer.canvas.grid.enabled
    assert viewer.dims.ndisplay == 2


def test_panes_add_no_rows_to_the_list_and_follow_the_buttons_of_napari(segmented, qtbot):
    viewer, panel = segmented
    state, buttons = panel.controller.state, viewer.window._qt_viewer.viewerButtons
    before = rows(viewer)
    assert len(before) == len(viewer.layers)
    for name, button, view in (
        ("view_grid", buttons.gridViewButton, View.GRID),
        ("view_3d", buttons.ndisplayButton, View.THREE_D),
    ):
        press(panel, name)
        assert state.view is view
        assert len(viewer.layers) > len(before)
        if view is View.GRID:
            qtbot.waitUntil(lambda: sorted(rows(viewer)) == sorted(before))
        button.click()
        qtbot.waitUntil(lambda: state.view is View.STACK)
        assert panel.findChild(QPushButton, "shaspec_view_stack").isChecked()
        qtbot.waitUntil(lambda: rows(viewer) == before)
        assert len(viewer.layers) == len(before)
