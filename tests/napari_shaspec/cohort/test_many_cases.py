"""The panel *Many cases*: found, segmented, cancelled, taken up again, reviewed."""

from __future__ import annotations

import csv
import json
import shutil
import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QPushButton

from napari_shaspec.cohort import worker
from napari_shaspec.cohort.controller import CohortController
from napari_shaspec.cohort.panel import CohortPanel
from napari_shaspec.cohort.texts import repeats_text
from napari_shaspec.jobs.runner import guarded, run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind, origin
from shaspec.cohort.run import Working
from shaspec.io.cases import read_case
from shaspec.models.fingerprint import fingerprint
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.usefixtures("no_bugs")


@pytest.fixture
def data(cases):
    """Anna has everything, Berta no T1; Carl's T2 is broken."""
    (cases / "carl" / "carl_t2.nii.gz").write_bytes(b"broken")
    return cases


@pytest.fixture
def control(viewer, task, tmp_path):
    control = CohortController(viewer, run=run_here)
    control.choose_model(save_tiny(tmp_path / "model", task, window=24))
    yield control
    control.close()


def found(control):
    return {row.name: row.status for row in control.state.rows}


def cancel_in(control, case):
    """A runner that cancels the job within a case, as the button does."""

    def run(job, handlers, stop: threading.Event):
        for event in guarded(job, stop):
            handlers.event(event)
            if isinstance(event, Working) and event.case == case and event.progress.done:
                control.cancel()
        handlers.ended()

    return run


def test_a_folder_is_segmented_and_one_bad_case_stops_nothing(control, data):
    control.open([data])
    assert found(control) == dict.fromkeys(("anna", "berta", "carl"), "waiting")
    assert control.state.message.text == "3 cases: 3 waiting."
    control.segment()
    assert found(control) == {"anna": "done", "berta": "done", "carl": "failed"}
    assert control.state.status is Status.DONE
    out = control.state.out
    assert (out / "berta_FLAIR+T1ce+T2_pred.nii.gz").is_file()
    assert "carl" in (out / worker.PAGE).read_text("utf-8")
    with (out / worker.SIZES).open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {line["case"] for line in lines} == {"anna", "berta"}
    anna = control.state.rows[0]
    assert {line["region"]: float(line["ml"]) for line in lines if line["case"] == "anna"} == (
        pytest.approx(anna.record.sizes, abs=1e-3)
    )
    assert "carl_t2" in control.state.rows[2].said


def test_folders_without_a_case_and_copied_cases_are_named(control, cases, notifications):
    (cases / "dora" / "t1").mkdir(parents=True)
    shutil.copytree(cases / "anna", cases / "erik")
    for path in (cases / "erik").iterdir():
        path.rename(path.with_name(path.name.replace("anna", "erik")))
    control.open([cases])
    assert control.state.message.level == "warning"
    assert control.state.message.text.startswith("4 cases: 4 waiting.\nno case in the folders dora")
    control.segment()
    assert control.state.status is Status.DONE
    assert control.state.message.level == "warning"
    assert "erik: FLAIR, T1, T1ce, T2: the same voxels as in case anna" in (
        control.state.message.text
    )
    said = {row.name: "the same voxels" in row.said for row in control.state.rows}
    assert said == {"anna": False, "berta": False, "carl": False, "erik": True}
    notifications.clear()
    control.open([cases])  # the results are there
    assert "the same voxels" in control.state.rows[-1].said


def test_results_of_training_cases_are_named(viewer, control, cases, task, tmp_path):
    model = save_tiny(tmp_path / "seen", task, window=24)
    card = json.loads((model / "card.json").read_text("utf-8"))
    card["training"]["fingerprints"] = {"patient 1": fingerprint(read_case(cases / "anna", task))}
    (model / "card.json").write_text(json.dumps(card), "utf-8")
    control.choose_model(model)
    control.open([cases])
    control.segment()
    assert "1 of 3 cases were seen in training" in control.state.message.text
    said = {row.name: "seen in training" in row.said for row in control.state.rows}
    assert said == {"anna": True, "berta": False, "carl": False}
    control.review("anna")
    (result,) = of_kind(viewer, "result")
    assert origin(result)["provenance"]["seen_in_training"] is True


def test_at_most_two_copied_cases_are_named_in_the_message():
    said = dict.fromkeys("abcd", "copied")
    assert repeats_text(said) == "a: copied; b: copied; and 2 more: see the notes"


def test_a_cancelled_run_goes_on_where_it_ended(viewer, control, data):
    control.open([data])
    control._job._run = cancel_in(control, "berta")
    control.segment()
    assert found(control) == {"anna": "done", "berta": "waiting", "carl": "waiting"}
    assert "continues from here" in control.state.message.text
    assert control.state.status is Status.IDLE
    first = (control.state.out / "anna_FLAIR+T1+T1ce+T2_pred.nii.gz").stat().st_mtime_ns
    # another session of the program
    again = CohortController(viewer, run=run_here)
    again.choose_model(control.state.model)
    again.open([data])
    assert found(again)["anna"] == "done"
    again.segment()
    assert found(again) == {"anna": "done", "berta": "done", "carl": "failed"}
    assert (again.state.out / "anna_FLAIR+T1+T1ce+T2_pred.nii.gz").stat().st_mtime_ns == first
    again.close()


def test_progress_names_the_case_and_grows(control, data):
    control.open([data])
    seen, said = [], []
    control.state.events.progress.connect(lambda new: seen.append((new.done, new.stage)))
    control.state.events.message.connect(lambda new: said.append(new.text))
    control.segment()
    done = [d for d, stage in seen if " of 3" in stage]
    assert done == sorted(done)
    assert any("2 of 3" in stage and "left" in stage for _, stage in seen)
    assert any(text.startswith("berta: encode") for text in said)


def test_a_click_opens_the_case_with_its_result_and_marks_stay_on_the_disk(viewer, control, data):
    control.open([data])
    control.review("anna")
    assert not list(of_kind(viewer, "result"))
    assert "not segmented yet" in control.state.message.text
    control.segment()
    control.review("anna")
    (layer,) = of_kind(viewer, "result")
    assert origin(layer)["case"] == "anna"
    assert {origin(la)["modality"] for la in of_kind(viewer, "modality")} == {
        *("FLAIR", "T1", "T1ce", "T2")
    }
    control.mark("rejected")
    control.review("berta")
    assert {origin(la)["case"] for la in viewer.layers} == {"berta"}
    control.mark("accepted")
    control.mark("")
    control.mark("accepted")
    control.open([data])
    assert {row.name: row.mark for row in control.state.rows} == {
        "anna": "rejected",
        "berta": "accepted",
        "carl": "",
    }
    control.review("carl")
    assert "carl_t2" in control.state.message.text


def test_an_edited_result_is_not_closed_by_the_next_click(viewer, control, data, notifications):
    control.open([data])
    control.segment()
    control.review("anna")
    (layer,) = of_kind(viewer, "result")
    layer.paint((3, 3, 3), 4)
    edited = np.array(layer.data)
    control.review("berta")
    assert layer in viewer.layers
    assert not layer.visible
    np.testing.assert_array_equal(layer.data, edited)
    assert "was edited" in notifications[-1]


def test_a_folder_without_cases_and_a_model_that_classifies_are_refused(control, tmp_path):
    control.open([tmp_path])
    assert "no cases" in control.state.message.text
    assert control.state.status is Status.FAILED
    control.segment()
    assert control.state.rows == ()


def test_the_panel_shows_cases_and_enables_what_can_be_done(
    qtbot, viewer, control, data, find, click
):
    panel = CohortPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    assert not panel.run.isEnabled()
    control.open([data])
    assert panel.table.rowCount() == 3
    assert panel.table.item(1, 1).text() == "FLAIR+T1ce+T2"
    assert not find(panel, "accept").isEnabled()
    click(panel.run.findChild(QPushButton))
    assert panel.table.item(2, 2).text() == "failed"
    panel.table.cellClicked.emit(0, 0)
    click(find(panel, "accept"))
    texts = [panel.table.item(0, k).text() for k in range(panel.table.columnCount())]
    assert "accepted" in texts
    assert not find(panel, "accept").isEnabled()
    assert find(panel, "reject").isEnabled()
