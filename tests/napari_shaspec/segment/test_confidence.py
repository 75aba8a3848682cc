"""Probabilities and thresholds of results: layers, table, edits, and what is computed when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSlider, QToolButton

from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import find_result, is_edited
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.confidence import KEPT
from napari_shaspec.segment.confidence_box import (
    CALIBRATED,
    NO_THRESHOLD,
    NOT_CALIBRATED,
    ConfidenceBox,
)
from tests.napari_shaspec.widths import fits

ALL = "FLAIR+T1+T1ce+T2"


def probabilities(viewer) -> list:
    return list(of_kind(viewer, "probability"))


def test_probabilities_are_decoded_for_a_result_that_has_none(segmented, viewer, engine):
    (session,) = engine.sessions
    assert session.with_maps == []
    segmented.show_probability("WT")
    assert session.with_maps == [ALL]
    (layer,) = probabilities(viewer)
    assert layer.name == f"probability · WT · {ALL} · fake"
    assert tuple(layer.contrast_limits) == (0, 1)
    assert np.array_equal(layer.data > 0.5, find_result(viewer, "anna", ALL).data > 0)
    assert len(segmented.state.results) == 1
    assert not segmented.state.can_undo


def test_sizes_have_an_interval_once_there_are_probabilities(segmented):
    state = segmented.state
    assert state.intervals == {}
    segmented.show_probability("WT")
    low, high = state.intervals["WT"]
    assert low == pytest.approx(state.results[0].region_ml()["WT"])  # it is 0.8 within
    assert high > low
    assert state.results[0].provenance["size_intervals"]["WT"] == [low, high]
    segmented.set_threshold("WT", 0.3)
    assert state.intervals["WT"] == (low, high)
    segmented.update_when_toggled(False)
    segmented.show_probability("")
    segmented.tick("T1", False)
    segmented.segment()
    assert state.intervals == {}
    segmented.show_result(ALL)
    assert state.intervals["WT"] == (low, high)


def test_the_intervals_are_in_the_row_and_the_row_fits(qtbot, panel, viewer, make_case, find):
    control = panel.controller
    add_case(viewer, make_case())
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    find(panel, "confidence", QToolButton).click()
    size = find(panel, "interval_WT", QLabel)
    assert not size.isVisible()
    control.state.intervals = dict.fromkeys(("ET", "TC", "WT"), (102.44, 131.0))
    assert size.isVisible()
    assert size.text() == "102.4–131.0 mL"
    assert fits(find(panel, "confidence_box"), 290)


def test_each_region_has_a_layer_and_one_is_visible(segmented, viewer, engine):
    for region in ("WT", "ET", "WT"):
        segmented.show_probability(region)
    shown = {origin(layer)["region"]: layer.visible for layer in probabilities(viewer)}
    assert shown == {"WT": True, "ET": False}
    assert engine.sessions[0].with_maps == [ALL]
    segmented.show_probability("")
    assert probabilities(viewer) == []


def test_the_layer_follows_the_shown_result(segmented, viewer, engine):
    segmented.show_probability("WT")
    segmented.tick("T1", False)
    (layer,) = probabilities(viewer)
    assert origin(layer)["subset"] == "FLAIR+T1ce+T2"
    segmented.show_result(ALL)
    assert [origin(layer)["subset"] for layer in probabilities(viewer)] == [ALL]
    assert engine.sessions[0].with_maps == [ALL, "FLAIR+T1ce+T2"]


def test_a_threshold_changes_labels_and_volumes_without_a_run(segmented, viewer, engine):
    segmented.show_probability("WT")
    before, layer = segmented.state.results[0], find_result(viewer, "anna", ALL)
    segmented.set_threshold("WT", 0.2)
    (after,) = segmented.state.results
    assert after.region_ml()["WT"] > before.region_ml()["WT"]
    assert after.region_ml()["ET"] == before.region_ml()["ET"]
    assert find_result(viewer, "anna", ALL) is layer
    assert np.array_equal(layer.data, after.labels)
    assert not is_edited(layer)
    assert engine.sessions[0].begun == [ALL, ALL]  # the second one for the probabilities
    assert not after.probabilities


def test_a_threshold_is_named_in_the_table_the_layer_the_caption_and_the_provenance(
    segmented, viewer
):
    segmented.set_threshold("WT", 0.2)
    (result,) = segmented.state.results
    assert result.title == f"{ALL} (WT > 0.20)"
    assert result.provenance["thresholds"] == {"WT": 0.2}
    layer = find_result(viewer, "anna", ALL)
    assert layer.name == f"seg · {ALL} (WT > 0.20)"
    assert origin(layer)["provenance"]["thresholds"] == {"WT": 0.2}
    assert viewer.canvas.overlays["missing"].text == "WT > 0.20"
    segmented.set_threshold("WT", 0.5)
    assert layer.name == f"seg · {ALL}"
    assert not viewer.canvas.overlays["missing"].visible


def test_a_threshold_of_one_half_is_the_result_of_the_network(segmented, viewer):
    before = segmented.state.results[0].labels
    for value in (0.2, 0.9, 0.5):
        segmented.set_threshold("WT", value)
    (result,) = segmented.state.results
    assert np.array_equal(result.labels, before)
    assert (result.thresholds, segmented.state.thresholds) == ({}, {})


def test_thresholds_belong_to_one_result(segmented):
    segmented.set_threshold("WT", 0.2)
    segmented.tick("T1", False)
    assert segmented.state.thresholds == {}
    segmented.show_result(ALL)
    assert segmented.state.thresholds == {"WT": 0.2}


def test_edits_are_kept_when_a_threshold_changes(segmented, viewer):
    painted = find_result(viewer, "anna", ALL)
    painted.paint((4, 5, 6), 4)
    segmented.set_threshold("WT", 0.2)
    assert origin(painted)["kind"] == "edited"
    assert (painted.name, painted.visible) == (f"seg · {ALL} (edited)", False)
    assert painted.data[4, 5, 6] == 4
    new = find_result(viewer, "anna", ALL)
    assert new.visible
    assert new.data[4, 5, 6] == 0
    assert "(edited)" in segmented.state.message.text
    assert segmented.state.edited == {}


def test_only_the_last_results_keep_their_probabilities(segmented, engine):
    segmented.show_probability("WT")
    for modality in ("T1", "T1ce", "T2"):
        segmented.tick(modality, False)
    runs = len(engine.sessions[0].with_maps)
    assert runs == KEPT + 1
    segmented.show_result(ALL)  # the oldest: its features are kept, so it is decoded
    assert engine.sessions[0].with_maps[runs:] == [ALL]


def test_a_new_run_starts_from_one_half(segmented):
    segmented.set_threshold("WT", 0.2)
    segmented.segment()
    assert (segmented.state.thresholds, segmented.state.results[0].thresholds) == ({}, {})


def test_another_case_frees_the_probabilities(segmented, viewer, make_case):
    segmented.show_probability("WT")
    add_case(viewer, make_case("berta"))
    assert segmented.state.case == "berta"
    assert probabilities(viewer) == []


def test_probabilities_are_no_input(segmented, viewer):
    segmented.show_probability("WT")
    assert not set(probabilities(viewer)) & set(segmented.state.choices)


def test_in_the_grid_the_layer_waits_for_the_stack(segmented, viewer):
    segmented.set_view(View.GRID)
    segmented.show_probability("WT")
    assert probabilities(viewer) == []
    segmented.set_threshold("WT", 0.2)
    panes = list(of_kind(viewer, "pane"))
    assert all(np.array_equal(la.data, segmented.state.results[0].labels) for la in panes)
    segmented.set_view(View.STACK)
    assert len(probabilities(viewer)) == 1


def test_an_error_leaves_the_thresholds_of_the_result(segmented, engine, notifications):
    engine.sessions[0].error = RuntimeError("no kernel")
    segmented.set_threshold("WT", 0.2)
    assert segmented.state.thresholds == {}
    assert segmented.state.results[0].thresholds == {}


def test_the_command_repeats_the_thresholds(segmented, tmp_path: Path):
    segmented.set_threshold("WT", 0.2)
    (result,) = segmented.state.results
    files = {name: str(tmp_path / f"{name}.nii") for name in result.subset}
    facts = {"source": "shaspec", "files": files, "subset": ALL, "window": [1], "overlap": 0.25}
    result.provenance.update(facts)
    assert segmented.command().endswith("--threshold WT=0.2")


def test_the_row_is_folded_and_its_controls_work(qtbot, panel, viewer, make_case, find, click):
    state = panel.controller.state
    add_case(viewer, make_case())
    assert panel.confidence.isHidden()
    click(panel.run.findChild(QPushButton, "shaspec_run"))
    qtbot.waitUntil(lambda: bool(state.results) and not state.status.busy)
    slider = find(panel, "threshold_WT", QSlider)
    assert not slider.isVisible()
    click(find(panel, "confidence", QToolButton))
    assert slider.isVisible()
    panel.confidence._show.setChecked(True)
    qtbot.waitUntil(lambda: len(probabilities(viewer)) == 1 and not state.status.busy)
    find(panel, "probability_region", QComboBox).setCurrentText("WT")
    assert state.probability == "WT"
    slider.setValue(20)
    qtbot.waitUntil(lambda: state.results[0].thresholds == {"WT": 0.2})
    assert panel.volumes.item(0, 0).text() == f"{ALL} (WT > 0.20)"
    click(find(panel, "reset_thresholds", QPushButton))
    qtbot.waitUntil(lambda: state.results[0].thresholds == {})
    assert slider.value() == 50


def test_of_many_moves_of_a_slider_the_last_one_counts(qtbot, panel, viewer, make_case, find):
    state = panel.controller.state
    add_case(viewer, make_case())
    panel.controller.segment()
    qtbot.waitUntil(lambda: bool(state.results) and not state.status.busy)
    for value in (40, 30, 20, 95, 15):
        find(panel, "threshold_WT", QSlider).setValue(value)
    qtbot.waitUntil(lambda: state.results[0].thresholds == {"WT": 0.15})
    assert find(panel, "threshold_WT", QSlider).value() == 15
    assert np.array_equal(find_result(viewer, "anna", ALL).data, state.results[0].labels)


def test_a_network_of_exclusive_labels_has_no_sliders(qtbot, task):
    box = ConfidenceBox()
    qtbot.addWidget(box)
    box.show_task(task, exclusive=True)
    sliders = box.findChildren(QSlider)
    assert len(sliders) == len(task.region_names)
    assert all(not slider.isEnabled() and slider.toolTip() == NO_THRESHOLD for slider in sliders)
    box.show_task(task, exclusive=False)
    assert all(slider.isEnabled() for slider in box.findChildren(QSlider))


@pytest.mark.parametrize(("calibrated", "said"), [(True, CALIBRATED), (False, NOT_CALIBRATED)])
def test_the_tooltip_says_whether_probabilities_are_calibrated(qtbot, task, calibrated, said):
    box = ConfidenceBox()
    qtbot.addWidget(box)
    box.show_task(task, exclusive=False, calibrated=calibrated)
    assert box.findChild(QCheckBox, "shaspec_show_probability").toolTip().endswith(said)
