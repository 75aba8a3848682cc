"""Edits of a result survive new runs, undo and saving."""

from __future__ import annotations

import csv

import nibabel as nib
import numpy as np
import pytest

from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View

ALL = "FLAIR+T1+T1ce+T2"
SPOT = (4, 5, 6)  # where nothing is segmented


def paint(layer, value: int = 4) -> None:
    """A stroke of napari's brush."""
    layer.selected_label = value
    layer.brush_size = 1
    layer.mode = "paint"
    layer.paint(SPOT, value)


def test_a_new_run_keeps_the_edited_layer(controller, viewer, segmented):
    painted = viewer.layers[-1]
    paint(painted)
    controller.segment()
    assert painted in viewer.layers
    assert (painted.name, painted.visible) == (f"seg · {ALL} (edited)", False)
    assert painted.data[SPOT] == 4
    new = find_result(viewer, "anna", ALL)
    assert (new.name, new.visible, new.data[SPOT]) == (f"seg · {ALL}", True, 0)
    assert origin(painted)["kind"] == "edited"
    assert "(edited)" in controller.state.message.text


def test_each_edit_session_is_kept_once(controller, viewer, make_case):
    add_case(viewer, make_case())
    for _ in range(2):
        controller.segment()
        paint(find_result(viewer, "anna", ALL))
    for _ in range(2):
        controller.segment()
    assert sum("(edited)" in layer.name for layer in viewer.layers) == 2
    assert "edited" not in controller.state.message.text


def test_painting_does_not_change_the_computed_result(controller, viewer, segmented):
    (result,) = controller.state.results
    before = result.region_ml()
    paint(viewer.layers[-1])
    assert result.region_ml() == before
    assert result.labels[SPOT] == 0


def test_a_painted_result_is_saved_as_painted(controller, viewer, segmented, tmp_path):
    paint(viewer.layers[-1])
    image = nib.load(controller.save(tmp_path / "s.nii"))
    grid = controller.state.results[0].grid
    assert grid.from_file(np.asarray(image.dataobj))[SPOT] == 4


def test_panes_show_edits_and_can_be_edited(controller, viewer, segmented, tmp_path):
    paint(viewer.layers[-1])
    controller.set_view(View.GRID)
    pane = viewer.layers["seg on T1"]
    assert pane.data[SPOT] == 4
    pane.data_setitem((np.array([7]), np.array([8]), np.array([9])), 2)
    controller.set_view(View.STACK)
    assert find_result(viewer, "anna", ALL).data[7, 8, 9] == 2


def test_undo_returns_to_the_painted_result_and_again_to_the_new_one(
    controller, viewer, segmented, engine
):
    old = controller.state.results[0]
    paint(viewer.layers[-1])
    controller.segment()
    new = controller.state.results[0]
    controller.undo()
    layer = find_result(viewer, "anna", ALL)
    assert (controller.state.results[0], layer.data[SPOT], layer.visible) == (old, 4, True)
    assert not [la for la in viewer.layers if "(edited)" in la.name]
    controller.undo()
    assert controller.state.results[0] is new
    assert find_result(viewer, "anna", ALL).data[SPOT] == 0
    (aside,) = [la for la in viewer.layers if "(edited)" in la.name]
    assert aside.data[SPOT] == 4


def test_undo_returns_to_the_subset_that_was_shown_before(controller, viewer, make_case):
    add_case(viewer, make_case())
    controller.undo()
    assert "no earlier result" in controller.state.message.text
    controller.segment()
    controller.undo()
    assert controller.state.shown == ALL
    controller.tick("T1", False)
    assert controller.state.shown == "FLAIR+T1ce+T2"
    controller.undo()
    assert controller.state.shown == ALL
    assert find_result(viewer, "anna", ALL).visible
    assert not find_result(viewer, "anna", "FLAIR+T1ce+T2").visible
    assert len(controller.state.results) == 2
    controller.undo()
    assert controller.state.shown == "FLAIR+T1ce+T2"


def test_a_report_has_the_labels_as_they_were_painted(controller, viewer, make_case, tmp_path):
    add_case(viewer, make_case())
    controller.report(tmp_path / "r.html")
    assert "press Segment first" in controller.state.message.text
    controller.segment()
    layer = viewer.layers[-1]
    layer.data[:, :4, :4] = 4
    controller.tick("T1", False)
    controller.show_result(ALL)
    controller.report(tmp_path / "r.html")
    assert controller.state.message.text == f"saved {tmp_path / 'r.html'}"
    page = (tmp_path / "r.html").read_text("utf-8")
    sizes = controller.state.results[0].grid.voxel_size * (layer.data == 4).sum()
    assert f"<td>{ALL} (edited)</td><td>{sizes:.2f}</td>" in page
    assert "<td>FLAIR+T1ce+T2</td>" in page
    assert "Edited by hand" in page


def test_a_report_has_a_row_for_a_kept_edited_result(controller, viewer, segmented, tmp_path):
    paint(viewer.layers[-1])
    controller.segment()
    controller.report(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.index(f"<td>{ALL}</td>") < page.index(f"<td>{ALL} (edited)</td>")
    assert "Edited by hand" not in page  # the pictured one was not


def test_a_report_that_cannot_be_written_costs_nothing(controller, viewer, segmented, tmp_path):
    controller.report(tmp_path / "r.docx")
    assert "written as .html or .pdf" in controller.state.message.text
    encoded = controller._kept._session.kept  # a toggle uses these features
    assert encoded


def test_sizes_of_all_subsets_are_saved_as_painted(controller, viewer, segmented, tmp_path):
    layer = viewer.layers[-1]
    layer.data[:, :4, :4] = 4
    controller.tick("T1", False)
    with controller.save(tmp_path / "sizes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["subset"] for row in rows] == ["FLAIR+T1ce+T2"] * 3 + [ALL] * 3
    assert [row["edited"] for row in rows] == ["no"] * 3 + ["yes"] * 3
    size = controller.state.results[0].grid.voxel_size * (layer.data == 4).sum()
    assert float(rows[3]["ml"]) == pytest.approx(size, abs=1e-3)


def test_the_table_has_the_volumes_as_painted(qtbot, controller, viewer, segmented):
    assert controller.state.edited == {}
    layer = viewer.layers.selection.active
    before = controller.state.results[0].region_sizes()
    paint(layer)
    qtbot.waitUntil(lambda: ALL in controller.state.edited)
    edited = controller.state.edited[ALL]
    assert edited.provenance["edited"] is True
    assert edited.region_sizes() != before
    assert controller.state.results[0].region_sizes() == before  # what was computed stays known
    layer.undo()
    qtbot.waitUntil(lambda: not controller.state.edited)


def test_a_label_that_the_task_does_not_have_is_named_and_not_saved(
    qtbot, controller, tmp_path, notifications, viewer, segmented
):
    layer = viewer.layers.selection.active
    paint(layer, 3)
    qtbot.waitUntil(lambda: ALL in controller.state.edited)
    assert "label 3" in controller.state.message.text
    assert controller.save(tmp_path / "a.nii.gz") is None
    assert "labels 3" in notifications[-1]
    assert not (tmp_path / "a.nii.gz").exists()


def test_the_caption_lists_the_missing_modalities_of_the_shown_result(
    controller, viewer, make_case
):
    def caption():
        return viewer.canvas.overlays["missing"].text

    add_case(viewer, make_case())
    controller.update_when_toggled(False)
    controller.tick("T1ce", False)
    assert caption() == "without T1ce"
    controller.segment()
    controller.tick("T1ce", True)  # ticked, but the result that is shown was made without it
    assert caption() == "without T1ce"
    controller.segment()
    assert caption() == ""
    controller.compare()
    assert caption() == "without T1ce"


def test_results_of_two_models_have_a_layer_each(controller, engine, viewer, segmented):
    first = viewer.layers.selection.active
    first.metadata["shaspec"]["provenance"] = {"model": "one", "sha256": "1"}
    controller.segment()
    second = viewer.layers.selection.active
    assert second is not first
    assert first in viewer.layers
    assert first.name == f"seg · {ALL} · one"
    assert second.name == f"seg · {ALL} · fake"  # and no number of napari for a name that is taken


def test_a_copied_command_says_that_it_lacks_the_edits(
    qtbot, controller, viewer, make_case, monkeypatch
):
    monkeypatch.setattr("napari_shaspec.case.controller.command_of", lambda result: "shaspec ...")
    add_case(viewer, make_case())
    controller.segment()
    assert controller.command() == "shaspec ..."
    assert controller.state.message.level == "info"
    paint(viewer.layers.selection.active)
    qtbot.waitUntil(lambda: ALL in controller.state.edited)
    assert controller.command() == "shaspec ..."
    assert "but not your edits" in controller.state.message.text
