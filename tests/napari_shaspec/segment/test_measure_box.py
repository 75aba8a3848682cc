"""Measuring the shown result in the panel *Segment*: table, layer, file and report."""

from __future__ import annotations

import csv
import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton, QTableWidget

from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.measure_box import MeasureBox
from shaspec import measuring
from shaspec.editing import Operation
from tests.napari_shaspec.widths import fits

ALL = "FLAIR+T1+T1ce+T2"


@pytest.fixture
def measured(controller, viewer, make_case):
    """A result whose region WT is measured."""
    add_case(viewer, make_case())
    controller.segment()
    controller.measuring.measure("WT")
    return controller


def test_the_lines_on_the_canvas_are_as_long_as_the_table_says(measured, viewer):
    (lesion,) = measured.state.measured.lesions
    (layer,) = of_kind(viewer, "diameters")
    for line, diameter in zip(layer.data, (lesion.longest, lesion.perpendicular), strict=True):
        ends = np.array([layer.data_to_world(end) for end in line])
        assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(diameter.length, abs=1e-4)
    assert layer.features["length"][0] == f"{lesion.longest.length:.1f}"
    assert "1 lesion" in measured.state.message.text


def test_the_brush_stays_on_the_labels(measured, viewer):
    assert viewer.layers.selection.active is find_result(viewer, "anna", ALL)


def test_measuring_again_replaces_the_layer(measured, viewer):
    measured.measuring.measure("ET")
    (layer,) = of_kind(viewer, "diameters")
    assert "ET" in layer.name
    assert measured.state.measured.region == "ET"


@pytest.mark.parametrize("change", ["edit", "another result", "another run"])
def test_measurements_go_when_the_labels_are_others(measured, viewer, change):
    if change == "edit":
        measured.editing.operate(Operation("grow", "WT", 2.0))
    elif change == "another result":
        measured.tick("T1", False)
    else:
        measured.segment()
    assert measured.state.measured is None
    assert not list(of_kind(viewer, "diameters"))


def test_measurements_of_an_edited_result_stay_while_scrolling(measured):
    measured.editing.operate(Operation("grow", "WT", 2.0))
    measured.measuring.measure("WT")
    measured._on_edited()  # napari's event for new data, which scrolling emits too
    assert measured.state.measured is not None


def test_edits_are_measured(measured):
    before = measured.state.measured.lesions[0].size
    measured.editing.operate(Operation("grow", "WT", 2.0))
    measured.measuring.measure("WT")
    assert measured.state.measured.lesions[0].size > before


def test_the_layer_is_away_in_other_views_and_comes_back(measured, viewer):
    measured.set_view(View.GRID)
    assert not list(of_kind(viewer, "diameters"))
    measured.set_view(View.STACK)
    assert list(of_kind(viewer, "diameters"))


def test_a_lesion_is_found_by_its_number(measured, viewer):
    (lesion,) = measured.state.measured.lesions
    layer = find_result(viewer, "anna", ALL)
    assert round(layer.world_to_data(viewer.dims.point)[0]) == lesion.slice  # it is shown at once
    viewer.dims.set_point(0, -30.0)
    measured.measuring.go_to(1)
    assert round(layer.world_to_data(viewer.dims.point)[0]) == lesion.slice


def test_a_report_has_the_lesions(measured, tmp_path):
    measured.report(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "Lesions of WT in the pictured result" in page
    assert f"{measured.state.measured.lesions[0].longest.length:.1f}</td>" in page
    measured.report(tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").is_file()


def test_the_panel_measures_in_another_thread_and_saves(
    qtbot, panel, viewer, make_case, find, monkeypatch, tmp_path
):
    threads, measure = [], measuring.measure

    def noted(*args):
        threads.append(threading.get_ident())
        return measure(*args)

    monkeypatch.setattr(measuring, "measure", noted)
    control = panel.controller
    add_case(viewer, make_case())
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    find(panel, "measure_fold").click()
    table = find(panel, "lesions", QTableWidget)
    assert not table.isVisible()
    find(panel, "measure", QPushButton).click()
    assert not find(panel, "measure", QPushButton).isEnabled()
    qtbot.waitUntil(lambda: not control.state.measuring)
    assert threading.get_ident() not in threads
    assert (table.rowCount(), table.columnCount()) == (1, 4)
    assert fits(find(panel, "measure_fold_box"), 290)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "m"), ""))
    find(panel, "save_measurements", QPushButton).click()
    qtbot.waitUntil(lambda: control.state.message.text == f"saved {tmp_path / 'm.csv'}")
    with (tmp_path / "m.csv").open() as file:
        (line,) = csv.DictReader(file)
    assert line["region"] == "WT"


def test_the_largest_region_is_offered_until_the_user_chooses(
    qtbot, panel, viewer, make_case, find
):
    control, box = panel.controller, find(panel, "measure_region", QComboBox)
    add_case(viewer, make_case())
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    assert box.currentText() == "WT"
    box.setCurrentText("TC")
    box.activated.emit(box.currentIndex())  # as a user's choice does
    control.tick("T1", False)
    qtbot.waitUntil(lambda: len(control.state.results) == 2 and not control.state.status.busy)
    assert box.currentText() == "TC"


def test_a_region_that_is_empty_is_not_offered_first(qtbot, task):
    box = MeasureBox()
    qtbot.addWidget(box)
    box.show_task(task)
    region = box.findChild(QComboBox, "shaspec_measure_region")
    for sizes, offered in [((0, 0, 2), "WT"), ((1, 1, 1), "WT"), ((0, 0, 0), "WT")]:
        box.offer(dict(zip(task.reported_regions, map(float, sizes), strict=True)))
        assert region.currentText() == offered
    box.offer({"ET": 3.0, "TC": 0.0, "WT": 0.0})  # regions of other tasks need not be nested
    assert region.currentText() == "ET"
