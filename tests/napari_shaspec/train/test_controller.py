"""The controller of the panel *Train* with a fake training process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from napari_shaspec import model_folders
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.train.controller import TrainController
from shaspec.errors import ShaspecError
from shaspec.training.config import load_config
from shaspec.training.events import (
    Step,
)


def at_step(control: TrainController, number: int, do: Callable[[], None]) -> None:
    def on_step(step: Step) -> None:
        if step is not None and step.step == number:
            do()

    control.state.events.step.connect(on_step)


def test_a_run_on_phantoms_needs_no_files(control, launch, tmp_path):
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


def test_stop_ends_the_process_and_resume_continues_the_run(control, launch):
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


def test_validations_survive_stop_and_resume(control):
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


def test_why_a_run_failed_is_shown(control, launch, notifications):
    launch.options = {"error": ShaspecError("the loss is nan at step 1: lower learning_rate")}
    control.start()
    assert control.state.status is Status.FAILED
    assert control.state.message.level == "error"
    assert "lower learning_rate" in control.state.message.text
    assert notifications == [control.state.message.text]
    assert control.state.lines[-1] == control.state.message.text


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


def test_a_new_run_gets_a_new_folder(control, launch):
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
