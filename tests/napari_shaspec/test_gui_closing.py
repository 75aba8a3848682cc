"""Closing napari in every view: the view is left before the canvas is deleted."""

from __future__ import annotations

import logging

import pytest

from napari_shaspec import chosen_engine
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from tests.napari_shaspec.waiting import wait_for_layout
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.gui


class Told(logging.Handler):
    """Warnings and errors of vispy, which draws the canvas."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture
def told():
    """What vispy has said."""
    handler, logger = Told(), logging.getLogger("vispy")
    logger.addHandler(handler)
    yield handler.texts
    logger.removeHandler(handler)


def by_script(viewer):
    viewer.close()


def by_user(viewer):
    viewer.window._qt_window.close()


@pytest.mark.parametrize("close", [by_script, by_user])
@pytest.mark.parametrize("view", ["stack", "grid", "3d", "planes", "features"])
def test_closing_napari_leaves_the_view_while_there_is_a_canvas(
    make_napari_viewer,
    qtbot,
    monkeypatch,
    tmp_path_factory,
    engine,
    task,
    make_case,
    told,
    close,
    view,
):
    if view != "features":
        monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    name = "Features" if view == "features" else "Segment"
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", name)
    add_case(viewer, make_case())
    wait_for_layout(qtbot, viewer)
    control, canvas = panel.controller, viewer.window._qt_viewer.canvas
    if view == "features":
        folder = tmp_path_factory.mktemp("models") / "untrained"
        assert control.choose_model(str(save_tiny(folder, task, window=24)))
        control.compute()
    else:
        control.segment()
    qtbot.waitUntil(lambda: control.state.status in (Status.DONE, Status.FAILED), timeout=30_000)
    assert control.state.status is Status.DONE, control.state.message
    if view == "planes":
        control.set_planes(True)
    elif view != "features":
        control.set_view(View(view))
    qtbot.wait(100)
    there, delete = [], canvas.delete
    monkeypatch.setattr(canvas, "delete", lambda: (there.append(control._closed), delete()))
    close(viewer)
    qtbot.waitUntil(lambda: control._closed)
    qtbot.wait(50)
    if close is by_user:
        del viewer.window._qt_window  # else the fixture closes it again
    assert there in ([], [True])  # [] where Qt deletes it with its window
    assert not viewer.canvas.grid.enabled
    assert told == []
