"""The controller of *Two dates*: what is offered, measured, asked about and refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from napari_shaspec.dates.controller import HINT, DatesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from shaspec.task import load_task

pytestmark = pytest.mark.usefixtures("no_bugs")


def test_two_dates_of_one_patient_are_offered_in_their_order(
    viewer, control, make_case, two_dates
) -> None:
    assert control.state.message.text == HINT
    add_case(viewer, make_case("berta"))
    assert (control.state.earlier, control.state.later) == ("", "")
    two_dates()
    assert (control.state.earlier, control.state.later) == ("anna_2019", "anna_2021")
    assert not control.state.message.text
    control.choose("berta", "anna_2019")
    add_case(viewer, make_case("carl"))
    assert (control.state.earlier, control.state.later) == ("berta", "anna_2019")


def test_both_dates_are_segmented_from_what_both_have(control, engine, two_dates) -> None:
    two_dates()
    control.measure()
    assert [session.begun for session in engine.sessions] == [["FLAIR+T1ce+T2"]] * 2
    assert all(session.released for session in engine.sessions)
    measured = control.state.measured
    assert (measured.change.earlier.case, measured.change.later.case) == ("anna_2019", "anna_2021")
    assert [row[0] for row in measured.table[1:]] == ["ET", "TC", "WT"]
    assert control.state.status is Status.DONE
    assert "T1 of anna_2019 was left out" in control.state.message.text
    assert control.state.message.level == "warning"


def test_names_of_two_patients_are_asked_about(
    control, engine, two_dates, notifications, monkeypatch
) -> None:
    two_dates("anna", "berta")
    control.choose("anna", "berta")
    control.measure()
    assert "anna and berta do not look like" in notifications[-1]
    assert not engine.sessions
    assert not control.state.status.busy
    monkeypatch.setattr("napari_shaspec.jobs.notifications.ask", lambda _text: True)
    control.measure()
    assert control.state.measured is not None


def test_the_same_volumes_are_refused(viewer, control, engine, make_case) -> None:
    for name in ("anna_2019", "anna_2021"):
        add_case(viewer, make_case(name))
    control.measure()
    assert "is the same volume" in control.state.message.text
    assert control.state.status is Status.FAILED
    assert not engine.sessions


def test_a_layer_of_no_case_is_part_of_neither_date(viewer, control, two_dates, make_case) -> None:
    two_dates()
    viewer.add_image(make_case().volumes["T1"], name="T1")
    control.measure()
    assert control.state.measured.change.later.subset == ("FLAIR", "T1ce", "T2")


def test_a_case_without_a_modality_of_the_model_is_refused(viewer, control, make_case) -> None:
    add_case(viewer, make_case("anna_2019"))
    for layer in [la for la in viewer.layers if la.name != "truth"]:
        viewer.layers.remove(layer)
    add_case(viewer, make_case("anna_2021"))
    control.measure()
    assert "anna_2019 has none of FLAIR, T1, T1ce" in control.state.message.text


def test_a_model_that_names_a_class_is_refused(control, engine, monkeypatch) -> None:
    card = replace_task(engine.card("slow"), "avmnist")
    monkeypatch.setattr(engine, "card", lambda _model: card)
    assert not control.choose_model("slow")
    assert control.state.model == "instant"
    assert "names a class" in control.state.message.text


def replace_task(card, name):
    return card.model_copy(update={"task": load_task(name)})


def test_another_choice_forgets_the_change(viewer, control, two_dates, make_case) -> None:
    two_dates()
    for act in (control.swap, lambda: control.choose_model("slow"), lambda: close(viewer)):
        control.choose("anna_2019", "anna_2021")
        control.measure()
        assert control.state.measured is not None
        add_case(viewer, make_case("anna_2018"))  # another case does not
        assert control.state.measured is not None
        act()
        assert control.state.measured is None


def close(viewer) -> None:
    for layer in [la for la in viewer.layers if la.metadata["shaspec"]["case"] == "anna_2021"]:
        viewer.layers.remove(layer)


def test_a_case_seen_in_training_is_named(control, engine, two_dates) -> None:
    engine.trained_on = ("anna_2021",)
    control.choose_model("slow")
    two_dates()
    assert control.state.seen == "by name"
    control.measure()
    assert "anna_2021 was in the training set of the model" in control.state.message.text


def test_cancelling_ends_within_a_window_and_leaves_no_table(viewer, engine, two_dates) -> None:
    def run(job, handlers, stop):
        def event(found):
            handlers.event(found)
            if getattr(found, "stage", "").endswith("decode"):
                control.cancel()

        run_here(job, replace(handlers, event=event), stop)

    control = DatesController(viewer, engine=engine, run=run)
    two_dates()
    control.measure()
    assert control.state.message.text == "Cancelled."
    assert control.state.status is Status.IDLE
    assert control.state.measured is None
    assert [session.released for session in engine.sessions] == [1]
    control.close()


def test_a_case_closed_during_the_job_leaves_no_table(viewer, engine, two_dates) -> None:
    started = []
    control = DatesController(viewer, engine=engine, run=lambda *job: started.append(job))
    two_dates()
    control.measure()
    close(viewer)
    run_here(*started[0])
    assert control.state.measured is None
    assert control.state.status is Status.FAILED
    assert "closed meanwhile" in control.state.message.text
    control.close()


def test_the_table_and_the_report_are_written(control, two_dates, tmp_path) -> None:
    two_dates()
    control.measure()
    table = control.state.measured.table
    control.save(tmp_path / "change.csv")
    assert "anna_2019,anna_2021,FLAIR+T1ce+T2,ET" in (tmp_path / "change.csv").read_text("utf-8")
    control.report(tmp_path / "change.html")
    page = (tmp_path / "change.html").read_text("utf-8")
    assert "Change since anna_2019" in page
    assert table[1][3] in page
    record = json.loads((tmp_path / "change.json").read_text("utf-8"))
    assert record["change"]["earlier"] == "anna_2019"
    control.report(tmp_path / "change.doc")
    assert control.state.status is Status.FAILED
