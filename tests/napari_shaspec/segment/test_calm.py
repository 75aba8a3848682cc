"""What stands still, what is not computed twice, and a button that waits until it has a use."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QPushButton

from napari_shaspec.jobs.state import Message
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.judgement_line import JudgementLine
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.settings import InferenceSettings
from shaspec.analysis.judgement import judgement
from shaspec.models.card import load_card
from shaspec.prediction import Prediction

ALL = "FLAIR+T1+T1ce+T2"


@pytest.fixture
def toggled(segmented):
    """Two results: of all modalities, and without T1, which is shown."""
    segmented.tick("T1", False)
    return segmented


def test_a_subset_of_the_table_is_shown_again_and_not_computed(toggled, engine):
    toggled.tick("T1", True)
    assert toggled.state.shown == ALL
    assert engine.sessions[0].begun == [ALL, "FLAIR+T1ce+T2"]
    assert toggled.state.message.text == f"{ALL}: shown again from the table"


def test_edits_are_there_when_a_subset_is_shown_again(toggled, viewer):
    layer = find_result(viewer, "anna", ALL)
    toggled.show_result(ALL)
    layer.paint((4, 5, 6), 4)
    toggled.show_result("FLAIR+T1ce+T2")
    toggled.tick("T1", True)
    assert find_result(viewer, "anna", ALL) is layer
    assert layer.visible
    assert layer.data[4, 5, 6] == 4


def test_the_button_computes_a_subset_of_the_table_again(toggled, engine):
    toggled.tick("T1", True)
    toggled.segment()
    assert engine.sessions[0].begun == [ALL, "FLAIR+T1ce+T2", ALL]


def test_other_settings_are_not_answered_from_the_table(toggled, engine, monkeypatch):
    settings = InferenceSettings(overlap=0.5)
    monkeypatch.setattr("napari_shaspec.segment.controller.inference_settings", lambda: settings)
    toggled.tick("T1", True)
    assert engine.sessions[0].begun == [ALL, "FLAIR+T1ce+T2", ALL]


def test_other_voxels_are_not_answered_from_the_table(toggled, viewer):
    viewer.layers["FLAIR"].data = viewer.layers["FLAIR"].data + 1
    toggled.tick("T1", True)
    assert (toggled.state.shown, toggled.state.results) == ("", ())


def test_undo_is_enabled_only_with_something_to_undo(qtbot, panel, viewer, make_case, find):
    control, button = panel.controller, find(panel, "undo", QPushButton)
    add_case(viewer, make_case())
    assert not button.isEnabled()
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    assert not button.isEnabled()
    control.segment()
    qtbot.waitUntil(lambda: button.isEnabled() and not control.state.status.busy)
    viewer.layers.remove(find_result(viewer, "anna", ALL))
    assert not button.isEnabled()


@pytest.mark.parametrize("text", ["", "one line", "many words " * 80])
def test_a_message_moves_nothing(qtbot, panel, text):
    panel.controller.state.message = Message("two\nlines", "info")
    before = panel.message.parentWidget().parentWidget().height()
    panel.controller.state.message = Message(text, "error")
    assert panel.message.parentWidget().parentWidget().height() == before
    assert panel.message.text() != "two\nlines"


def test_the_line_of_judgement_has_the_scores_of_the_card(qtbot, task, make_case):
    card = load_card("shaspec")
    grid, labels = make_case().grid, np.zeros(make_case().grid.shape, np.uint8)
    result = Prediction("anna", task, grid, ("FLAIR", "T1", "T2"), labels, {})
    line = JudgementLine()
    qtbot.addWidget(line)
    line.show_result(card, result, [result])
    assert line.text() == judgement(card, result.subset)
    assert all(region in line.toolTip() for region in task.region_names)
    line.show_result(card.model_copy(update={"scores": {}}), result, [result])
    assert line.isHidden()
    line.show_result(card, None, [])
    assert line.isHidden()


def test_a_second_panel_opens_as_a_tab_where_the_window_is_low(qtbot, viewer, engine):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1366, 700)
    docks = []
    for _ in range(2):
        panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
        docks.append(QDockWidget("panel", window))
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks[-1])
        docks[-1].setWidget(panel)
        window.show()
        qtbot.wait(50)
    assert window.tabifiedDockWidgets(docks[0]) == [docks[1]]
    for dock in docks:
        dock.widget().controller.close()


def test_a_menu_brings_a_panel_behind_another_tab_to_the_front(qtbot, viewer, engine):
    """napari's menus call ``setVisible(not isVisible())``."""
    window, panels, seen = QMainWindow(), [], ([], [])
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    for in_front in seen:
        dock = QDockWidget()
        dock.visibilityChanged.connect(in_front.append)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        panels.append(SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine)))
        dock.setWidget(panels[-1])
        dock.show()
        qtbot.wait(50)
    first, in_front = panels[0].parent(), seen[0]
    qtbot.waitUntil(lambda: in_front[-1:] == [False])
    for shown in (True, False, True):
        first.setVisible(not first.isVisible())
        qtbot.waitUntil(lambda shown=shown: in_front[-1] == shown)
        qtbot.wait(100)
        assert (first.isVisible(), in_front[-1]) == (shown, shown)
    for panel in panels:
        panel.controller.close()
