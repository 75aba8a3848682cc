"""The controller of the panel *Robustness* with a `ViewerModel` and fake sessions."""

from __future__ import annotations

import numpy as np

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.state import Shown
from shaspec.analysis.subset_table import ALL, TRUTH
from shaspec.task import load_task

FULL = ("FLAIR", "T1", "T1ce", "T2")


def names(viewer):
    return [layer.name for layer in viewer.layers]


def at_row(control, number, do):
    """Calls ``do`` once, when the first table has so many rows."""
    done = []

    def on_tables(tables):
        if tables and len(tables[0].rows) == number and not done:
            done.append(True)
            do()

    control.state.events.tables.connect(on_tables)


def test_a_sweep_fills_a_table_and_shows_all_modalities(control, viewer, swept, engine):
    (table,) = control.state.tables
    assert control.state.status is Status.DONE
    assert table.complete
    assert (table.model, table.reference) == ("instant", TRUTH)
    assert len(engine.sessions) == 1
    assert engine.sessions[0].begun[0] == "FLAIR+T1+T1ce+T2"
    assert control.state.shown == Shown("instant", FULL)
    assert "sweep · FLAIR+T1+T1ce+T2" in names(viewer)
    assert "15 subsets compared with ground truth" in control.state.message.text


def test_features_are_freed_once_the_rows_are_there(control, viewer, swept, engine):
    assert engine.sessions[0].released == 1


def test_without_a_truth_the_result_of_all_modalities_is_the_measure(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compare_with(None)
    control.sweep()
    assert control.state.tables[0].reference == ALL
    assert control.state.tables[0].rows[0].values["dice"]["WT"] == 1


def test_the_ground_truth_layer_of_the_case_is_found_automatically(control, viewer, make_case):
    assert control.state.truth is None
    add_case(viewer, make_case())
    assert control.state.truth is viewer.layers["truth"]
    drawn = viewer.add_labels(viewer.layers["truth"].data + 0, name="mine")
    assert set(control.state.truths) == {viewer.layers["truth"], drawn}
    control.compare_with(drawn)
    viewer.layers.remove(drawn)
    assert control.state.truth is viewer.layers["truth"]
    add_case(viewer, make_case("berta"))
    assert control.state.truths == (control.state.truth,)


def test_a_row_is_shown_in_one_layer_named_after_its_subset(control, viewer, swept):
    before = len(viewer.layers)
    layer = viewer.layers["sweep · FLAIR+T1+T1ce+T2"]
    control.show_row("instant", ("FLAIR", "T2"))
    assert layer.name == "sweep · FLAIR+T2"
    assert len(viewer.layers) == before
    row = control.state.row(Shown("instant", ("FLAIR", "T2")))
    np.testing.assert_array_equal(layer.data, row.prediction.labels)
    assert layer.metadata["shaspec"]["subset"] == "FLAIR+T2"
    assert layer.features["volume_mL"].notna().any()


def test_only_ticked_modalities_take_part(control, viewer, make_case):
    add_case(viewer, make_case())
    control.tick("T1", False)
    control.sweep()
    assert control.state.tables[0].modalities == ("FLAIR", "T1ce", "T2")
    assert len(control.state.tables[0].rows) == 7
    assert viewer.layers["T1"].opacity == 1  # dimming is the affair of the panel Segment


def test_several_models_make_several_tables_and_hold_features_in_turn(
    control, viewer, make_case, engine
):
    add_case(viewer, make_case())
    assert control.choose_models(["instant", "slow"])
    control.sweep()
    assert [table.model for table in control.state.tables] == ["instant", "slow"]
    assert all(table.complete for table in control.state.tables)
    assert [session.released for session in engine.sessions] == [1, 1]
    control.show_row("slow", ("T2",))
    assert "sweep · T2 · slow" in names(viewer)


def test_cancel_ends_at_the_next_event_frees_memory_and_leaves_the_rows(
    control, viewer, make_case, engine
):
    add_case(viewer, make_case())
    at_row(control, 3, control.cancel)
    control.sweep()
    assert control.state.status is Status.DONE
    assert len(control.state.tables[0].rows) == 3
    assert engine.sessions[0].released == 1
    assert "Cancelled" in control.state.message.text


def test_a_cancelled_second_sweep_leaves_the_first_result(control, viewer, swept, engine):
    whole = control.state.tables[0]
    at_row(control, 3, control.cancel)
    control.sweep()
    assert control.state.tables == (whole,)


def test_an_error_is_shown_and_the_last_result_stays(control, viewer, swept, engine, notifications):
    whole = control.state.tables[0]
    engine.options = {"error": RuntimeError("CUDA error")}
    control.sweep()
    assert control.state.status is Status.FAILED
    assert "CUDA error" in control.state.message.text
    assert control.state.tables == (whole,)
    assert engine.sessions[-1].released == 1


def test_another_case_clears_the_table(control, viewer, make_case, swept):
    add_case(viewer, make_case("berta", present=("FLAIR", "T2")))
    assert control.state.case == "berta"
    assert control.state.tables == ()
    assert control.state.shown is None
    control.sweep()
    assert [row.name for row in control.state.tables[0].rows] == ["FLAIR+T2", "FLAIR", "T2"]


def test_rows_of_other_voxels_do_not_stay_beside_new_ones(control, viewer, make_case):
    add_case(viewer, make_case())
    control.choose_models(["instant", "slow"])
    control.sweep()
    control.compare_with(None)
    control.choose_models(["slow"])
    control.sweep()
    assert [table.model for table in control.state.tables] == ["slow"]


def test_missing_inputs_of_a_sweep_are_reported(control, viewer, make_case, notifications):
    control.sweep()
    assert "no layer is assigned" in notifications[-1]
    add_case(viewer, make_case())
    control.choose_models([])
    control.sweep()
    assert "no model is selected" in notifications[-1]
    control.show_difference("WT", None)
    assert "select a row" in notifications[-1]
    assert control.save_tables("nowhere.csv") == []
    assert not control.add_model("/nowhere")
    assert "no model '/nowhere'" in notifications[-1]


def test_a_training_case_is_called_one(control, viewer, make_case, engine):
    engine.trained_on = ("anna",)
    add_case(viewer, make_case())
    control.sweep()
    assert control.state.seen == {"instant": "by content"}
    assert control.state.tables[0].seen_in_training


def test_a_truth_in_unknown_codes_is_refused(control, viewer, make_case, notifications):
    add_case(viewer, make_case())
    viewer.layers["truth"].data = np.full_like(viewer.layers["truth"].data, 3)
    control.sweep()
    assert control.state.status is Status.FAILED
    assert "does not define" in notifications[-1]


def test_a_removed_layer_is_not_the_shown_result(control, viewer, swept):
    viewer.layers.remove("sweep · FLAIR+T1+T1ce+T2")
    assert control.state.shown is None
    control.show_row("instant", ("T2",))
    assert "sweep · T2" in names(viewer)


def test_a_closed_controller_disconnects_from_the_viewer(viewer, make_case, engine):
    control = RobustnessController(viewer, engine=engine, run=run_here)
    add_case(viewer, make_case())
    control.close()
    add_case(viewer, make_case("berta"))
    control.sweep()
    assert control.state.case == "anna"
    assert engine.sessions == []


def test_a_model_of_another_task_unticks_the_others(viewer, engine, monkeypatch):
    card = engine.card
    liver = replace_task(card("slow"), load_task("liver-ct"))
    monkeypatch.setattr(engine, "models", lambda: ["instant", "slow", "liver"])
    monkeypatch.setattr(engine, "card", lambda m: liver if m == "liver" else card(m))
    control = RobustnessController(viewer, engine=engine, run=run_here)
    assert control.choose_models(["instant", "slow"])
    assert control.choose_models(["instant", "slow", "liver"])
    assert control.state.chosen == ("liver",)
    assert "instant, slow: deselected" in control.state.message.text
    assert control.state.task.name == "liver-ct"
    assert control.choose_models(["slow", "liver"])
    assert control.state.chosen == ("slow",)
    assert control.choose_models([])
    assert control.state.chosen == ()
    control.close()


def replace_task(card, task):
    return card.model_copy(update={"task": task})


def test_the_command_of_the_selected_row_is_copied(control, viewer, make_case, notifications):
    assert control.command() is None
    add_case(viewer, make_case())
    control.sweep()
    control.show_row("instant", ("T2",))
    assert control.command() is None
    assert "T2 did not come from a file" in notifications[-1]
    facts = {"files": {"T2": "t2.nii"}, "source": "m", "subset": "T2", "device": "cpu"}
    row = control.state.row(control.state.shown)
    row.prediction.provenance.update(facts)
    assert control.command() == "shaspec predict T2=t2.nii --present T2 --model m --device cpu"


def test_a_truth_that_is_painted_in_place_is_compared_with_anew(control, viewer, swept):
    before = control.state.tables[0].rows[0].values["dice"]["WT"]
    assert before > 0
    viewer.layers["truth"].data[:] = 0
    viewer.layers["truth"].data[2:4, 2:4, 2:4] = 2
    control.sweep()
    assert control.state.tables[0].rows[0].values["dice"]["WT"] == 0
