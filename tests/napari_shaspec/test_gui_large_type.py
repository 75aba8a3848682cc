"""Large type in a real window of 1366 x 768: larger texts, and nothing cut off."""

from __future__ import annotations

import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from qtpy.QtWidgets import QAbstractButton, QAbstractScrollArea, QCheckBox, QLabel, QWidget

from napari_shaspec import chosen_engine
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.widgets.large_type import POINTS
from napari_shaspec.widgets.read_only_table import ReadOnlyTable

pytestmark = pytest.mark.gui

WIDE, HIGH = 1366, 768
FOLDS = ("confidence", "edit", "measure", "look")
ALONE = ("Robustness", "Compare", "Two dates", "Features", "Train")
BELOW = ("Many cases", "Models", "Guided tour")


@pytest.fixture
def window(make_napari_viewer, plugin_settings, npe2pm, monkeypatch, qtbot, engine, make_case):
    """A shown viewer with a result in the panel *Segment*."""
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(WIDE, HIGH)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    add_case(viewer, make_case())
    panel.controller.segment()
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    for name in FOLDS:
        getattr(panel, name)._fold.click()
    yield viewer, panel
    get_plugin_settings("napari-shaspec").display.large_type = False  # kept between tests


def points_of(panel: QWidget) -> set[int]:
    """The sizes of all visible texts."""
    kinds = (QAbstractButton, QLabel, ReadOnlyTable)
    shown = [view for view in panel.findChildren(QWidget) if view.isVisible()]
    return {view.font().pointSize() for view in shown if isinstance(view, kinds)}


def cut_off(panel: QWidget) -> list[str]:
    """Texts of visible controls that are smaller than they ask for."""
    found = []
    for view in panel.findChildren(QWidget):
        wraps = isinstance(view, QLabel) and (view.wordWrap() or "<" in view.text())
        if not view.isVisible() or not isinstance(view, QAbstractButton | QLabel) or wraps:
            continue
        text, metrics = view.text(), view.fontMetrics()
        wide = max(map(metrics.horizontalAdvance, text.splitlines()), default=0)
        high = metrics.height() * len(text.splitlines())
        if view.width() < wide or view.height() < high:
            found.append(f"{view.objectName()} {text!r}: {view.size()} for {wide} x {high}")
    for table in panel.findChildren(ReadOnlyTable):
        rows = [row for row in range(table.rowCount()) if table.isVisible()]
        low = [row for row in rows if table.rowHeight(row) < table.fontMetrics().height()]
        found += [f"{table.objectName()}: row {row}" for row in low]
    return found


def fits(panel: QWidget) -> bool:
    """The panel is not wider than its place; its column scrolls down only."""
    inner = [area.widget() for area in panel.findChildren(QAbstractScrollArea) if _column(area)]
    return all(view.minimumSizeHint().width() <= view.width() for view in inner)


def _column(area: QAbstractScrollArea) -> bool:
    return type(area).__name__ == "Column"


def test_the_tick_makes_all_texts_of_segment_large_and_usual_again(window, qtbot, find):
    viewer, panel = window
    qtbot.wait(100)
    before, tick = points_of(panel), find(panel, "large_type", QCheckBox)
    assert max(before) < POINTS
    tick.click()
    qtbot.waitUntil(lambda: points_of(panel) == {POINTS} and not cut_off(panel) and fits(panel))
    assert get_plugin_settings("napari-shaspec").display.large_type
    assert (viewer.window._qt_window.width(), viewer.window._qt_window.height()) == (WIDE, HIGH)
    tick.click()
    qtbot.wait(200)
    assert points_of(panel) == before
    assert viewer.window._qt_window.width() == WIDE


@pytest.mark.parametrize("names", [ALONE, BELOW])
def test_no_other_panel_cuts_a_text_off_or_widens_the_window(window, qtbot, names):
    viewer, _ = window
    get_plugin_settings("napari-shaspec").display.large_type = True
    for name in names:
        dock, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", name)
        qtbot.waitUntil(lambda panel=panel: points_of(panel) == {POINTS} and not cut_off(panel))
        qtbot.waitUntil(lambda panel=panel: fits(panel))
        size = viewer.window._qt_window.size()
        assert (size.width(), size.height()) == (WIDE, HIGH), name
        viewer.window.remove_dock_widget(dock)
