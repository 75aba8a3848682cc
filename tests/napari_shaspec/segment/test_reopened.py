"""A saved result that is opened again continues in the table."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.segment.reopened import saved_subset
from shaspec.editing import Operation

SUBSET = "FLAIR+T1ce"
GROW = Operation("grow", "WT", 2.0)


@pytest.fixture
def saved(controller, cases, tmp_path):
    """The file of an edited result, whose layer is gone."""
    controller.open([cases / "anna"])
    for name in ("T1", "T2"):
        controller.tick(name, False)
    controller.segment()
    controller.editing.operate(GROW)
    path = controller.save(tmp_path / f"anna_{SUBSET}_pred.nii.gz")
    for layer in list(of_kind(controller.viewer, "result")):
        controller.viewer.layers.remove(layer)
    return path


def test_it_is_in_the_table_with_its_caption_and_a_message(controller, saved):
    assert controller.state.results == ()
    controller.tick("T1", True)
    controller.open([saved])
    (result,) = controller.state.results
    assert controller.state.shown == SUBSET
    assert controller.viewer.canvas.overlays["missing"].text == "without T1, T2\nedited"
    (layer,) = of_kind(controller.viewer, "result")
    assert (layer.data == result.labels).all()
    assert "does not say which model" in controller.state.message.text


def test_it_is_edited_on_undone_and_saved(controller, saved, tmp_path):
    controller.open([saved])
    before = controller.state.results[0].region_sizes()["WT"]
    controller.editing.operate(GROW)
    assert controller.state.edited[SUBSET].region_sizes()["WT"] > before
    assert controller.save(tmp_path / "again.nii.gz")
    controller.undo()
    assert controller.state.edited == {}


def test_no_command_repeats_it(controller, saved, notifications):
    controller.open([saved])
    assert controller.command() is None
    assert "does not say which model" in notifications[-1]


def test_a_stroke_in_it_is_noticed(qtbot, controller, saved):
    controller.open([saved])
    (layer,) = of_kind(controller.viewer, "result")
    layer.data_setitem(tuple(np.array([v]) for v in (4, 5, 6)), 4)
    qtbot.waitUntil(lambda: SUBSET in controller.state.edited)


def test_a_new_run_keeps_it_as_a_layer(controller, saved):
    controller.open([saved])
    (layer,) = of_kind(controller.viewer, "result")
    controller.segment()
    assert layer in controller.viewer.layers
    assert len(controller.state.results) == 1
    assert controller.state.results[0].provenance["model"] == "fake"


def test_one_whose_subset_is_in_the_table_stays_a_layer(controller, saved):
    controller.segment()
    shown = controller.state.results
    controller.open([saved])
    assert controller.state.results == shown


@pytest.mark.parametrize("other", ["berta_FLAIR+T1ce_pred.nii.gz", "anna_pred.nii.gz"])
def test_another_name_is_no_result_of_the_case(controller, saved, other):
    controller.open([saved.rename(saved.with_name(other))])
    assert controller.state.results == ()
    assert "kind" not in origin(controller.viewer.layers[-1])


@pytest.mark.parametrize(
    ("name", "case", "subset"),
    [
        ("anna_FLAIR+T2_pred", "anna", ("FLAIR", "T2")),
        ("anna_flair_pred", "anna", ("FLAIR",)),
        ("anna_b_T2_pred", "anna_b", ("T2",)),
        ("anna_T9_pred", "anna", ()),
        ("anna_FLAIR+T2_seg", "anna", ()),
        ("_FLAIR_pred", "", ()),
    ],
)
def test_the_subset_is_read_from_the_name(task, name, case, subset):
    assert saved_subset(name, case, task) == subset
