"""Jobs that the panel *Segment* starts, in worker threads."""

from __future__ import annotations

import threading

from qtpy.QtWidgets import (
    QProgressBar,
    QPushButton,
    QTableWidget,
)

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.widgets import theme
from shaspec.errors import OutOfMemoryError


def done(panel):
    return panel.controller.state.status is Status.DONE


def test_button_and_bar_show_the_progress_of_a_job(
    qtbot, panel, viewer, make_case, engine, find, click
):
    engine.options = {"pause": 0.02, "windows": 40}
    add_case(viewer, make_case())
    button, bar = find(panel, "run", QPushButton), find(panel, "progress", QProgressBar)
    assert (button.text(), bar.isVisible()) == ("Segment", False)
    click(button)
    assert (button.text(), bar.isVisible()) == ("Cancel", True)
    assert not find(panel, "layer_T1").isEnabled()
    assert not find(panel, "models").isEnabled()
    qtbot.waitUntil(lambda: bar.value() > 1, timeout=10_000)
    assert bar.maximum() == 40
    click(button)
    assert (button.text(), button.isEnabled()) == ("Cancelling…", False)
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=10_000)
    assert (button.text(), bar.isVisible(), button.isEnabled()) == ("Segment", False, True)
    assert find(panel, "layer_T1").isEnabled()
    assert not any(layer.name.startswith("seg") for layer in viewer.layers)


def test_jobs_run_in_another_thread_and_layers_change_in_this_one(
    qtbot,
    panel,
    viewer,
    make_case,
    engine,
    find,
    click,
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    assert threading.get_ident() not in engine.sessions[0].threads


def test_unticking_segments_at_once(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    qtbot.waitUntil(lambda: len(panel.controller.state.results) == 2, timeout=10_000)
    assert viewer.layers[-1].name == "seg · FLAIR+T1+T2"
    assert find(panel, "volumes", QTableWidget).rowCount() == 2


def test_of_two_quick_toggles_the_last_one_wins(
    qtbot, panel, viewer, make_case, engine, find, click
):
    engine.options = {"pause": 0.02, "windows": 10}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    click(find(panel, "tick_T2"))
    qtbot.waitUntil(lambda: panel.controller.state.shown == "FLAIR+T1", timeout=10_000)
    assert [p.subset for p in panel.controller.state.results] == [
        ("FLAIR", "T1", "T1ce", "T2"),
        ("FLAIR", "T1"),
    ]


def test_an_error_is_shown_in_the_panel(
    qtbot, panel, viewer, make_case, engine, notifications, find, click
):
    engine.options = {"error": OutOfMemoryError("not even windows of 32 voxels fit into memory")}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.FAILED, timeout=10_000)
    assert "not even windows" in panel.message.text()
    assert theme.colour("error") in panel.message.styleSheet()
    assert find(panel, "run", QPushButton).text() == "Segment"


def test_a_runtime_error_in_a_worker_ends_the_job(
    qtbot, panel, viewer, make_case, engine, notifications, find, click
):
    engine.options = {"error": RuntimeError("CUDA error: an illegal memory access")}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.FAILED, timeout=10_000)
    assert "illegal memory access" in panel.message.text()


def test_a_panel_that_is_closed_while_it_runs_ends_its_job(qtbot, viewer, make_case, engine):
    engine.options = {"pause": 0.02, "windows": 1000}
    panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
    add_case(viewer, make_case())
    control = panel.controller
    control.segment()
    qtbot.waitUntil(lambda: control.state.progress.done > 1, timeout=10_000)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    qtbot.waitUntil(lambda: engine.sessions[0].released == 1, timeout=10_000)
    assert engine.sessions[0].closed == 1
    assert not any(layer.name.startswith("seg") for layer in viewer.layers)
