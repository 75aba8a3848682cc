"""The panel *Robustness* on a `ViewerModel`, with jobs in real worker threads."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QPushButton

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness import worker
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.robustness.state import Shown
from napari_shaspec.robustness.subset_table import SubsetView
from shaspec.analysis.subset_table import DICE, VOLUME


@pytest.fixture
def panel(viewer, engine, open_panel):
    """A panel whose controller runs its jobs in napari workers."""
    control = RobustnessController(viewer, engine=engine)
    return open_panel(RobustnessPanel(viewer, controller=control), (380, 700))


@pytest.fixture
def swept(qtbot, panel, viewer, make_case, find, click):
    """The panel after a sweep of a case of four modalities."""
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    return panel


def column(table, number):
    return [table.item(line, number).text() for line in range(table.rowCount())]


def click_row(qtbot, table, name):
    (item,) = table.findItems(name, Qt.MatchFlag.MatchExactly)
    place = table.visualItemRect(item).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_button_says_how_much_it_will_run(panel, viewer, make_case, find):
    button = find(panel, "run", QPushButton)
    assert button.text() == "Run all subsets"
    assert not panel.results.isVisible()
    add_case(viewer, make_case(present=("FLAIR", "T1ce", "T2")))
    assert button.text() == "Run all 7 subsets"
    assert find(panel, "truth", QComboBox).currentText() == "truth (layer)"
    assert "FLAIR, T1ce, T2" in find(panel, "sources", QLabel).text()
    find(panel, "model_slow", QCheckBox).setChecked(True)
    assert button.text() == "Run all 7 subsets with 2 models"


def test_a_row_per_subset_comes_into_the_table(swept, find):
    table = find(swept, "subsets", SubsetView)
    assert [table.horizontalHeaderItem(k).text() for k in range(4)] == ["subset", "ET", "TC", "WT"]
    assert column(table, 0) == [row.name for row in swept.controller.state.tables[0].rows]
    rows = swept.controller.state.tables[0].rows
    assert column(table, 3) == [f"{row.values['dice']['WT']:.3f}" for row in rows]


def test_a_region_without_a_voxel_is_not_found_rather_than_zero(qtbot, swept):
    table = swept.controller.state.tables[0]
    row = table.rows[0]
    labels = np.where(row.prediction.labels == 4, 1, row.prediction.labels).astype(np.uint8)
    values = {"ml": {"ET": 0.0, "TC": 1.0, "WT": 2.0}, "dice": {"ET": 0.0, "TC": 1, "WT": 1}}
    without = replace(row, prediction=replace(row.prediction, labels=labels), values=values)
    view = SubsetView()
    qtbot.addWidget(view)
    view.show_tables([replace(table, rows=(without,))], VOLUME)
    assert [view.item(0, k).text() for k in (1, 2)] == ["not found", "1.0"]
    assert "not found. Not found does not mean absent" in view.item(0, 1).toolTip()
    view.show_tables([replace(table, rows=(without,))], DICE)
    assert view.item(0, 1).text() == "0.000"


def test_rows_stream_in_while_the_sweep_runs(qtbot, panel, viewer, make_case, engine, find, click):
    engine.options = {"pause": 0.01, "windows": 5}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    table = find(panel, "subsets", SubsetView)
    qtbot.waitUntil(lambda: 0 < table.rowCount() < 15, timeout=30_000)
    assert panel.controller.state.status.busy
    assert not find(panel, "disagreement").isEnabled()
    qtbot.waitUntil(lambda: table.rowCount() == 15, timeout=30_000)


def test_no_engine_call_is_made_in_the_thread_of_the_window(
    qtbot, swept, engine, monkeypatch, find, click
):
    assert threading.get_ident() not in engine.sessions[0].threads
    threads = []

    def recorded(compute):
        return lambda *words: threads.append(threading.get_ident()) or compute(*words)

    for name in ("disagreement_of", "smallest_of", "difference_of"):
        monkeypatch.setattr(worker, name, recorded(getattr(worker, name)))
    for name in ("disagreement", "smallest", "difference"):
        click(find(swept, name))
        qtbot.waitUntil(lambda: not swept.controller.state.status.busy, timeout=30_000)
    assert len(threads) == 3
    assert threading.get_ident() not in threads


def test_a_click_on_a_row_shows_that_result(qtbot, swept, viewer, find):
    table = find(swept, "subsets", SubsetView)
    click_row(qtbot, table, "T1ce+T2")
    assert "sweep · T1ce+T2" in [layer.name for layer in viewer.layers]
    assert swept.controller.state.shown == Shown("instant", ("T1ce", "T2"))
    assert "if added to" in find(swept, "advice", QLabel).text()


def test_a_click_on_a_head_sorts_by_numbers(qtbot, swept, find):
    table = find(swept, "subsets", SubsetView)
    find(swept, "measure", QComboBox).setCurrentIndex(1)  # volumes: 9.8 comes before 10.2
    table.sortItems(3, Qt.SortOrder.AscendingOrder)
    values = [float(text) for text in column(table, 3)]
    assert values == sorted(values)
    assert len(set(values)) > 1
    table.sortItems(0, Qt.SortOrder.AscendingOrder)
    assert column(table, 0)[0] == "FLAIR+T1+T1ce+T2"
    assert column(table, 0)[-1] == "T2"


def test_subsets_with_a_modality_are_left_out(qtbot, swept, find, click):
    table = find(swept, "subsets", SubsetView)
    click(find(swept, "without_T1ce"))
    click(find(swept, "without_T1"))
    left = [table.item(k, 0).text() for k in range(15) if not table.isRowHidden(k)]
    assert left == ["FLAIR+T2", "FLAIR", "T2"]
    click(find(swept, "without_T1"))
    assert sum(not table.isRowHidden(k) for k in range(15)) == 7


def test_a_click_in_the_heat_map_shows_that_result(qtbot, swept):
    swept.tabs.setCurrentWidget(swept.heat_map)
    heat = swept.heat_map
    heat.view.canvas.draw()
    axes = heat.view.figure.axes[0]
    x, y = axes.transData.transform((6.0, 14.5))  # the last row: T2 alone
    ratio = heat.view.canvas.devicePixelRatioF()
    place = heat.view.canvas.rect().topLeft()
    place.setX(int(x / ratio))
    place.setY(int(heat.view.canvas.height() - y / ratio))
    qtbot.mouseClick(heat.view.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert swept.controller.state.shown == Shown("instant", ("T2",))


def test_bars_wait_for_the_last_subset(qtbot, panel, viewer, make_case, engine, find, click):
    engine.options = {"pause": 0.01, "windows": 5}
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: bool(panel.controller.state.tables), timeout=30_000)
    panel.tabs.setCurrentWidget(panel.contributions)
    text = panel.contributions.findChild(QLabel)
    assert "need all subsets" in text.text()
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    assert not text.isVisible()
    assert len(panel.contributions.view.figure.axes[0].patches) == 12


def test_two_models_stand_in_one_table(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "model_slow"))
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    table = find(panel, "subsets", SubsetView)
    assert table.rowCount() == 30
    assert set(column(table, 1)) == {"instant", "slow"}


def test_cancelling_keeps_the_existing_results(
    qtbot, panel, viewer, make_case, engine, find, click
):
    engine.options = {"pause": 0.01, "windows": 10}
    add_case(viewer, make_case())
    button = find(panel, "run", QPushButton)
    click(button)
    qtbot.waitUntil(lambda: bool(panel.controller.state.tables), timeout=30_000)
    click(button)
    assert button.text() == "Cancelling…"
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=30_000)
    assert engine.sessions[0].released == 1
    assert 0 < find(panel, "subsets", SubsetView).rowCount() < 15
    assert button.text() == "Run all 15 subsets"


def test_a_panel_that_is_closed_while_it_runs_ends_its_job(qtbot, viewer, make_case, engine):
    engine.options = {"pause": 0.02, "windows": 1000}
    panel = RobustnessPanel(viewer, controller=RobustnessController(viewer, engine=engine))
    add_case(viewer, make_case())
    control = panel.controller
    control.sweep()
    qtbot.waitUntil(lambda: control.state.progress.done > 0, timeout=10_000)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    qtbot.waitUntil(lambda: engine.sessions[0].released == 1, timeout=10_000)
    assert engine.sessions[0].closed == 1
    assert not any(layer.name.startswith("sweep") for layer in viewer.layers)


def test_the_layers_unfold_and_can_be_chosen(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    assert not panel.sources.table.isVisible()
    click(find(panel, "fold"))
    assert panel.sources.table.isVisible()
    click(find(panel, "tick_T1"))
    assert find(panel, "run", QPushButton).text() == "Run all 7 subsets"


def test_table_and_figure_are_saved_under_the_name_of_the_case(
    qtbot, swept, monkeypatch, tmp_path, find, click
):
    asked = []

    def answer(parent, title, default, kinds):
        asked.append(default.rpartition("/")[2])
        return str(tmp_path / asked[-1].partition(".")[0]), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    click(find(swept, "save_table"))
    click(find(swept, "save_figure"))
    swept.tabs.setCurrentWidget(swept.contributions)
    click(find(swept, "save_figure"))
    assert asked == ["anna_sweep.csv", "anna_heat_map.png", "anna_shapley.png"]
    assert {path.name for path in tmp_path.iterdir()} == {*asked, "anna_sweep_shapley.csv"}


def test_every_button_has_a_tooltip(swept):
    for kind in (QPushButton, QCheckBox, QComboBox):
        for widget in swept.findChildren(kind):
            assert widget.toolTip(), (kind, widget.objectName())


def test_nothing_is_cut_off_at_the_side(swept):
    inner = swept.results.parentWidget()
    assert inner.minimumSizeHint().width() < swept.minimumSizeHint().width() <= 400
    assert inner.width() >= inner.minimumSizeHint().width()
    assert swept.minimumSizeHint().height() <= 400
