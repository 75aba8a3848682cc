"""The panel *Compare* with its buttons, and in a window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_shaspec.compare.panel import ComparePanel
from napari_shaspec.compare.state import Shown
from napari_shaspec.layers.results import add_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.widgets.panel import Column
from shaspec.prediction import Prediction
from tests.napari_shaspec.fakes import ball_labels
from tests.napari_shaspec.widths import fits

pytestmark = pytest.mark.usefixtures("no_bugs")


@pytest.fixture
def panel(qtbot, viewer, control):
    panel = ComparePanel(viewer, controller=control)
    qtbot.addWidget(panel)
    return panel


def test_the_panel_compares_flickers_and_saves(
    viewer, panel, result, make_case, find, click, qtbot, monkeypatch, tmp_path
):
    add_case(viewer, make_case())
    assert not find(panel, "hold").isEnabled()
    first = result()
    truth = viewer.layers["truth"]
    assert panel.pair.first.currentText() == "truth"
    assert panel.pair.second.currentText() == "seg · FLAIR+T2 · m"
    assert not find(panel, "difference").isEnabled()
    click(find(panel, "run"))
    assert panel.table.rowCount() == 3
    assert panel.table.item(2, 0).text() == "WT"
    assert find(panel, "difference").isChecked()
    qtbot.mousePress(find(panel, "hold"), Qt.MouseButton.LeftButton)
    assert first.visible
    qtbot.mouseRelease(find(panel, "hold"), Qt.MouseButton.LeftButton)
    assert not first.visible
    click(find(panel, "first"))
    assert truth.visible
    panel.table.cellClicked.emit(0, 0)
    assert panel.controller.state.region == "ET"
    assert "ET" in panel.legend.text()
    target = tmp_path / "mine"
    monkeypatch.setattr(
        "napari_shaspec.compare.panel.QFileDialog.getSaveFileName", lambda *_: (str(target), "")
    )
    click(find(panel, "save_agreement"))
    assert "truth,seg · FLAIR+T2 · m,ET" in target.with_suffix(".csv").read_text("utf-8")


@pytest.mark.gui
def test_in_a_window_the_panel_is_narrow_and_the_key_flickers(make_napari_viewer, qtbot, make_case):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    add_case(viewer, make_case("a case with a very long name " * 3))
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Compare")
    case = make_case()
    second = add_result(
        viewer, Prediction("", case.task, case.grid, ("T1",), ball_labels(2), {"model": "m"})
    )
    qtbot.mouseClick(panel.run.findChild(QPushButton), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.controller.state.comparison is not None, timeout=30_000)
    assert fits(panel.findChild(Column).widget(), 290)
    canvas = viewer.window._qt_viewer.canvas.native
    panel.controller.show(Shown.FIRST)
    qtbot.keyPress(canvas, Qt.Key.Key_X, Qt.KeyboardModifier.AltModifier)
    assert second.visible
    qtbot.keyRelease(canvas, Qt.Key.Key_X, Qt.KeyboardModifier.AltModifier)
    assert not second.visible
