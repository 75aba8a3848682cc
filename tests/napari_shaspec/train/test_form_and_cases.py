"""The form of the panel *Train* and the cases that it lists."""

from __future__ import annotations

import shutil
import tomllib

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.train.controller import TrainController
from napari_shaspec.train.run_folder import settings
from shaspec.task import load_task
from shaspec.training.config import load_config
from shaspec.training.propose import propose
from shaspec.training.templates import task_text


def test_cases_are_looked_through_before_anything_starts(control, cases, launch):
    control.choose_data(cases)
    found = control.state.cases
    assert found.task == "brats"
    assert {row.name: row.role for row in found.rows} == {
        "anna": "train", "berta": "train", "carl": "not used"
    }  # fmt: skip
    rows = {row.name: row for row in found.rows}
    assert rows["berta"].present == {"FLAIR", "T1ce", "T2"}
    assert rows["carl"].problem == "no labels"
    assert "3 cases: 2 train, 1 not used" in control.state.message.text
    assert control.state.form.phantoms == 0
    control.start()
    config = load_config(launch.made[0].path)
    assert (config.data, config.task, config.crop) == (cases, "brats", found.crop)


def test_a_teacher_uses_the_case_without_labels_and_reads_it_too(control, cases):
    control.choose_data(cases)
    control.change(method="m3l")
    row = next(row for row in control.state.cases.rows if row.name == "carl")
    assert (row.role, row.problem) == ("unlabelled", "")
    control.check()
    assert "3 cases read, no problems" in control.state.message.text


def test_held_out_cases_are_named(control, cases, tmp_path):
    splits = tmp_path / "splits.json"
    splits.write_text('{"folds": [["anna"], ["berta"]]}')
    control.choose_data(cases)
    control.change(splits=str(splits), fold=1)
    assert {row.name: row.role for row in control.state.cases.rows}["berta"] == "held out"
    control.change(fold=7)
    assert control.state.cases is None
    assert "has folds 0 to 1, not 7" in control.state.message.text


def test_a_run_with_problems_does_not_start(control, cases, launch):
    shutil.copy(cases / "anna" / "anna_t2.nii.gz", cases / "anna" / "anna_T1w.nii.gz")
    control.choose_data(cases)
    control.change(task="brats")
    assert control.state.message.level == "error"
    assert {row.name: row.problem for row in control.state.cases.rows}["anna"]
    control.start()
    assert not launch.made
    assert "anna" in control.state.message.text


def test_a_folder_without_cases_is_named_in_the_error(control, tmp_path, launch):
    control.choose_data(tmp_path / "nowhere")
    assert "nowhere" in control.state.message.text
    control.start()
    assert not launch.made


def test_a_broken_file_is_found_by_reading_all_cases(control, cases):
    (cases / "berta" / "berta_t2.nii.gz").write_bytes(b"no volume")
    control.choose_data(cases)
    if control.state.cases is None:  # the look reads some files itself
        control.change(task="brats")
    assert not control.state.cases.problems
    control.check()
    assert control.state.status is Status.DONE
    assert {row.name for row in control.state.cases.rows if "t2" in row.problem} == {"berta"}
    assert len(control.state.cases.problems) == 1
    assert "2 cases read, 1 problems" in control.state.message.text


def test_another_kind_of_data_selects_its_task(control, cases, launch):
    for path in [*cases.rglob("*_t1ce.*"), *cases.rglob("*_flair.*")]:
        path.unlink()
    control.choose_data(cases)
    assert control.state.cases.modalities == propose(cases).task.names
    control.start()
    out = launch.made[0].path.parent
    assert load_config(out / "run.toml").task == str(out / "task.toml")
    assert load_task(str(out / "task.toml")) == propose(cases).task
    assert (out / "task.toml").read_text() == task_text(propose(cases).task)


def test_other_settings_are_those_of_the_configuration(control, launch, notifications):
    control.change(more="crop = [32, 32, 32]; batch = 1", steps=2)
    control.start()
    config = load_config(launch.made[0].path)
    assert (config.crop, config.batch, config.max_steps) == ((32, 32, 32), 1, 2)
    control.change(more="bach = 1")
    control.start()
    assert "bach" in control.state.message.text
    control.change(more="batch")
    control.start()
    assert "KEY = VALUE" in control.state.message.text
    assert len(launch.made) == 1


def test_the_folder_of_an_earlier_run_brings_its_settings_back(control, launch, cases, tmp_path):
    control.choose_data(cases)
    control.change(
        method="zero-fill", steps=7, validate=3, more="batch = 1; network = { init_filters = 8 }"
    )
    control.start()
    out = launch.made[0].path.parent
    before = load_config(out / "run.toml")
    (out / "config.json").write_text(before.model_dump_json())
    again = TrainController(run=run_here, launch=launch, runs=tmp_path / "other")
    again.choose_out(out)
    assert again.state.resumable
    values = settings(again.state.form, again.state.cases)
    assert before == load_config(out / "run.toml", **values)
    assert tomllib.loads(again.state.form.more.replace(";", "\n"))["batch"] == 1
    (out / "config.json").write_text("{")
    again.choose_out(out)
    assert "config.json: is not valid JSON" in again.state.message.text
    again.close()


def test_a_form_that_changes_during_a_look_is_looked_through_again(launch, cases, tmp_path):
    waiting = []
    control = TrainController(
        run=lambda *job: waiting.append(job), launch=launch, runs=tmp_path / "runs"
    )
    control.choose_data(tmp_path / "first")
    control.choose_data(cases)
    assert len(waiting) == 1
    run_here(*waiting.pop(0))
    run_here(*waiting.pop(0))
    assert not waiting
    assert len(control.state.cases.rows) == 3
    control.close()
