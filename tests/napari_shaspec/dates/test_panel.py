"""The panel *Two dates* with its buttons, and in a window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_shaspec import chosen_engine
from napari_shaspec.dates.panel import DatesPanel
from napari_shaspec.widgets.panel import Column
from tests.napari_shaspec.widths import fits

pytestmark = pytest.mark.usefixtures("no_bugs")
DIALOG = "napari_shaspec.dates.panel.QFileDialog.getSaveFileName"


def test_the_panel_measures_and_saves(
    qtbot, viewer, control, two_dates, find, click, monkeypatch, tmp_path
) -> None:
    panel = DatesPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    assert not panel.run.isEnabled()
    assert panel.table.isHidden()
    two_dates()
    assert [box.currentText() for box in panel.pair.boxes] == [
        "anna_2019",
        "anna_2021",
    ]
    click(find(panel, "swap_dates"))
    assert [box.currentText() for box in panel.pair.boxes] == [
        "anna_2021",
        "anna_2019",
    ]
    panel.pair.second.setCurrentText("anna_2021")
    panel.pair.second.activated.emit(0)
    click(find(panel, "run"))
    assert "different cases" in panel.message.text()
    panel.pair.first.setCurrentText("anna_2019")
    panel.pair.first.activated.emit(0)
    click(find(panel, "run"))
    shown = [
        [panel.table.item(row, column).text() for column in range(5)]
        for row in range(panel.table.rowCount())
    ]
    assert shown == control.state.measured.table[1:]
    assert "FLAIR+T1ce+T2" in panel.note.text()
    monkeypatch.setattr(DIALOG, lambda *_: (str(tmp_path / "mine"), "PDF (*.pdf)"))
    click(find(panel, "save_change"))
    click(find(panel, "report_change"))
    assert {path.name for path in tmp_path.iterdir()} >= {"mine.csv", "mine.pdf", "mine.json"}


@pytest.mark.gui
def test_in_a_window_a_narrow_panel_measures_in_a_worker(
    make_napari_viewer, qtbot, engine, make_case, monkeypatch
) -> None:
    from threading import get_ident

    from napari_shaspec.layers.viewer import add_case

    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    long = "a patient with a very long name " * 3
    for seed, year in enumerate((2021, 2019)):
        add_case(viewer, make_case(f"{long}{year}", seed=seed))
    dock, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Two dates")
    button = panel.run.findChild(QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.controller.state.measured is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=60_000)
    assert fits(panel.findChild(Column).widget(), 290)
    assert panel.table.horizontalScrollBar().maximum() == 0
    assert panel.pair.first.currentText().endswith("2019")
    assert all(get_ident() not in session.threads for session in engine.sessions)
    viewer.window.remove_dock_widget(dock)
