"""Trainings that only pretend, on a controller without Qt."""

from __future__ import annotations

import shutil
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from napari_shaspec import model_folders
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.train.controller import TrainController
from napari_shaspec.train.run_folder import settings
from shaspec.errors import ShaspecError
from shaspec.task import load_task
from shaspec.training.config import load_config
from shaspec.training.events import (
    Checkpoint,
    Finished,
    Prepared,
    Preparing,
    Step,
    TrainingEvent,
    Validating,
    Validation,
    as_json,
)
from shaspec.training.propose import propose
from shaspec.training.templates import task_text


@dataclass
class FakeProcess:
    """Tells ``steps`` steps; saves a checkpoint when it is stopped, and goes on from there."""

    path: Path
    steps: int = 4
    error: Exception | None = None
    stopped: bool = False
    closed: bool = False

    def events(self) -> Iterator[TrainingEvent]:
        out = self.path.parent
        mark = out / "checkpoint.pt"
        first = int(mark.read_text()) if mark.exists() else 0
        done = first
        try:
            yield Preparing(1, 2)
            yield Prepared(2, 1, 1, ("carl: no label file: not used",), first)
            for done in range(first + 1, self.steps + 1):
                if self.error is not None:
                    raise self.error
                losses = {"dice": 1 / done, "bce": 0.5}
                step = Step(done, done / 2, done / self.steps, losses)
                dice = {"FLAIR": {"WT": done / 10}, "T1": {"WT": 0.0}}
                validation = Validation(done, done / 2, ("anna",), dice, "x.png")
                with (out / "log.jsonl").open("a") as log:
                    log.write(f"{as_json(step)}\n{as_json(validation)}\n")
                yield step
                yield Validating(0.5)
                yield validation
            mark.write_text(str(done))
            yield Checkpoint(done, str(mark))
            yield Finished(done, 2.0, str(out))
        finally:
            self.closed = True
            mark.write_text(str(done))

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Launcher:
    """Makes processes whose behaviour a test sets."""

    options: dict[str, object] = field(default_factory=dict)
    made: list[FakeProcess] = field(default_factory=list)

    def __call__(self, path: Path) -> FakeProcess:
        self.made.append(FakeProcess(path, **self.options))
        return self.made[-1]


@pytest.fixture(autouse=True)
def _own_settings(plugin_settings):
    """What is remembered here is forgotten after the test."""


@pytest.fixture
def launch() -> Launcher:
    return Launcher()


@pytest.fixture
def control(launch, tmp_path) -> Iterator[TrainController]:
    control = TrainController(run=run_here, launch=launch, runs=tmp_path / "runs")
    yield control
    control.close()


def at_step(control: TrainController, number: int, do: Callable[[], None]) -> None:
    def on_step(step: Step) -> None:
        if step is not None and step.step == number:
            do()

    control.state.events.step.connect(on_step)


def test_a_run_on_phantoms_needs_nothing_but_start(control, launch, tmp_path):
    stages = []
    control.state.events.progress.connect(lambda progress: stages.append(progress.stage))
    control.start()
    assert control.state.status is Status.DONE
    assert control.state.curve.steps == [1, 2, 3, 4]
    assert control.state.curve.terms["dice"][3] == 0.25
    assert stages[1:4] == [
        "preparing cases", "step 1 · 2 min left", "step 1 · validating"
    ]  # fmt: skip
    out = tmp_path / "runs" / "run-1"
    assert launch.made[0].path == out / "run.toml"
    config = load_config(out / "run.toml")
    assert (config.phantoms, config.max_minutes, config.data) == (4, 2.0, None)
    assert "carl: no label file: not used" in control.state.lines
    assert f"model saved in {out}" in control.state.message.text
    assert launch.made[0].closed


def test_stop_asks_the_process_and_resume_goes_on(control, launch):
    at_step(control, 2, control.stop)
    control.start()
    assert control.state.status is Status.IDLE
    assert launch.made[0].stopped
    assert launch.made[0].closed
    assert control.state.resumable
    assert control.state.message.text == "Stopped after step 2. Press Resume to continue."
    control.state.events.step.disconnect()
    control.start()
    assert control.state.status is Status.DONE
    assert control.state.curve.steps == [1, 2, 3, 4]  # the earlier ones from the log
    assert any("resumed after step 2" in line for line in control.state.lines)


def test_validations_are_kept_through_stop_and_resume(control):
    control.change(validate=2.5)
    at_step(control, 2, control.stop)
    control.start()
    control.state.events.step.disconnect()
    control.start()
    found = control.state.validations
    assert [event.step for event in found] == [1, 2, 3, 4]  # the earlier ones from the log
    assert found[1].dice["FLAIR"]["WT"] == 0.2
    assert "validated at step 4: mean Dice WT 0.20" in control.state.lines
    assert load_config(Path(control.state.form.out) / "run.toml").validate_every_minutes == 2.5
    control.new_run()
    assert control.state.validations == ()


def test_why_a_run_failed_is_shown(control, launch, told):
    launch.options = {"error": ShaspecError("the loss is nan at step 1: lower learning_rate")}
    control.start()
    assert control.state.status is Status.FAILED
    assert control.state.message.level == "error"
    assert "lower learning_rate" in control.state.message.text
    assert told == [control.state.message.text]
    assert control.state.lines[-1] == control.state.message.text


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
    shutil.copy(cases / "anna" / "anna_t1.nii.gz", cases / "anna" / "anna_T1w.nii.gz")
    control.choose_data(cases)
    control.change(task="brats")
    assert control.state.message.level == "error"
    assert {row.name: row.problem for row in control.state.cases.rows}["anna"]
    control.start()
    assert not launch.made
    assert "anna" in control.state.message.text


def test_a_folder_without_cases_is_refused_by_name(control, tmp_path, launch):
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


def test_data_of_another_kind_brings_its_own_task(control, cases, launch):
    for path in [*cases.rglob("*_t1ce.*"), *cases.rglob("*_flair.*")]:
        path.unlink()
    control.choose_data(cases)
    assert control.state.cases.modalities == propose(cases).task.names
    control.start()
    out = launch.made[0].path.parent
    assert load_config(out / "run.toml").task == str(out / "task.toml")
    assert load_task(str(out / "task.toml")) == propose(cases).task
    assert (out / "task.toml").read_text() == task_text(propose(cases).task)


def test_other_settings_are_those_of_the_configuration(control, launch, told):
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
    assert "config.json: cannot be read" in again.state.message.text
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


def test_closing_stops_the_process(launch, tmp_path):
    threads = []

    def in_thread(*job):
        threads.append(threading.Thread(target=run_here, args=job))
        threads[-1].start()

    launch.options = {"steps": 10**6}
    control = TrainController(run=in_thread, launch=launch, runs=tmp_path / "runs")
    control.start()
    control.close()
    threads[0].join(30)
    assert launch.made[0].stopped
    assert not threads[0].is_alive()


def test_a_new_run_takes_a_folder_of_its_own(control, launch):
    control.start()
    assert control.state.resumable
    control.new_run()
    assert control.state.form.out.endswith("run-2")
    assert not control.state.resumable
    assert not control.state.curve.steps


def test_the_model_is_known_from_then_on(control, monkeypatch):
    found = []
    monkeypatch.setattr(model_folders, "remember", found.append)
    control.start()
    assert found == [control.state.form.out]
