"""Controller of the panel *Train*. No Qt here.

The run is a separate process (`napari_shaspec.train.process`), described by one file in the run
folder, so that ``shaspec train FOLDER/run.toml`` does the same without napari.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_shaspec import model_folders
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.importing import load_plotting
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.train import worker
from napari_shaspec.train.data_scan import HINT, DataScan
from napari_shaspec.train.history import LossCurve, Past, read_log
from napari_shaspec.train.process import Process, TrainingProcess
from napari_shaspec.train.run_folder import (
    CHECKPOINT,
    RUN_FILE,
    config,
    folder_of,
    new_folder,
    settings,
    stored_form,
    write_run,
)
from napari_shaspec.train.state import FoundCases, TrainForm, TrainState
from napari_shaspec.train.worker import Checked
from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.inference.events import Progress
from shaspec.training import events as e

LINES = 200  # messages kept
PARTS = 1000  # units of the progress bar
BUDGET = {"out", "minutes", "steps", "device"}  # fields that do not change which cases take part
HOUR = 60.0  # minutes, default for the user's own cases


class TrainController:
    """Runs the jobs of the panel; only this class changes ``state``."""

    def __init__(
        self,
        *,
        run: Runner = run_in_worker,
        launch: Callable[[Path], Process] = TrainingProcess,
        runs: Path | None = None,
    ) -> None:
        self.state = TrainState()
        self._run = run
        self._launch = launch
        self._job = JobControl(self.state, run)
        self._process: Process | None = None
        self._scan = DataScan(self.state, self._job, run)
        self._closed = False
        self.state.form = TrainForm(out=str(new_folder(runs or Path.home() / "shaspec-runs")))
        self._job.say(HINT)

    # -- the form ----------------------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """Sets fields of the form, and scans the data again if the fields concern it."""
        form = replace(self.state.form, **values)
        if self.state.status.busy or form == self.state.form:
            return
        changed = {key for key in values if getattr(form, key) != getattr(self.state.form, key)}
        self.state.form = form
        if "out" in changed:
            self._forget_run()
            self._refresh_resumable()
        if changed - BUDGET:
            self._scan.begin()

    def choose_data(self, path: str | Path) -> None:
        """Sets the folder (or list) of cases; empty: phantoms only."""
        first = not self.state.form.data and path  # replaces the defaults of a first try
        more = {"phantoms": 0, "minutes": HOUR} if first else {}
        self.change(data=str(path), **more)

    def choose_out(self, folder: str | Path) -> None:
        """Sets the run folder; if it contains a run, loads its settings so that it can resume."""
        try:
            form = stored_form(Path(folder), replace(self.state.form, out=str(folder)))
        except InputError as error:
            self._job.refuse(str(error))
            return
        self.change(**vars(form))

    def new_run(self) -> None:
        """Sets a run folder that does not exist yet, next to the current one."""
        parent = folder_of(self.state.form).parent
        self.change(out=str(new_folder(parent)))

    def open(self, paths: Sequence[str | Path]) -> None:
        """Takes a dropped folder as the folder of cases."""
        if paths:
            self.choose_data(paths[0])

    # -- the data ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Reads every case as the run would, to find broken files before training."""
        form, cases = self.state.form, self.state.cases
        if self._closed or self.state.status.busy or cases is None:
            return
        self._job.start(
            "reading cases",
            lambda: worker.check(form, cases),
            self._on_checked,
            self._on_ended,
            self._on_failed,
        )

    def _on_checked(self, event: Checked) -> None:
        cases = self.state.cases
        if self._closed or cases is None:
            return
        self._job.track(Progress(event.done, event.total, "reading cases"))
        self.state.cases = cases = cases.with_checked(
            event.name, event.present, event.problem, event.notice
        )
        if event.done == event.total:
            doubtful = sum(bool(row.notice) for row in cases.rows)
            also = f", {doubtful} with a notice: see the tips in the table" if doubtful else ""
            self._job.succeed(
                f"{event.total} cases read, {len(cases.problems) or 'no'} problems{also}"
            )

    # -- the run -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the run, or resumes the one in the run folder; reports what prevents it."""
        form, cases = self.state.form, self.state.cases
        if self._closed or self.state.status.busy or self.state.scanning:
            return
        try:
            _require(form, cases)
            values = settings(form, cases)
            out = Path(values["out"])
        except InputError as error:
            self._job.refuse(str(error))
            return
        process = self._process = self._launch(out / RUN_FILE)
        self._forget_run()
        self.state.model = ""

        def events() -> Iterator[Any]:
            write_run(out, values, cases)
            load_plotting()  # for the curve
            for event in process.events():
                if isinstance(event, e.Prepared) and event.step:
                    yield read_log(out, event.step)
                yield event

        self._job.start(
            "starting training", events, self._on_event, self._on_ended, self._on_failed
        )

    def stop(self) -> None:
        """Stops the job; a run saves a checkpoint first."""
        if self._process is not None:
            self._process.stop()
        self._job.interrupt()

    def leave(self) -> bool:
        """Goes on without a panel; False: no run is in progress, so there is nothing to go on."""
        if self._closed or self._process is None:
            return False
        for name in self.state.events:
            self.state.events[name].disconnect()
        return True

    def close(self) -> None:
        """Stops the run with a checkpoint; no process is left running."""
        if self._closed:
            return
        self._closed = True
        for name in self.state.events:
            self.state.events[name].disconnect()  # the views may be deleted already
        self._scan.close()
        self.stop()

    def _on_event(self, event: object) -> None:
        if self._closed:
            return
        match event:
            case Past():
                self.state.curve, self.state.validations = event.curve, event.validations
            case e.Preparing(done, total):
                self._job.track(Progress(done, total, "preparing cases"))
            case e.Prepared():
                resumed = f"; resumed after step {event.step}" if event.step else ""
                self._tell(
                    f"{event.cases} cases, {event.phantoms} phantoms, {event.held_out} held out"
                    + resumed,
                    *event.notices,
                )
            case e.Step():
                self.state.curve.append(event)
                self.state.step = event
                done = round(event.progress * PARTS)
                self._job.track(Progress(done, PARTS, f"step {event.step}{_left(event)}"))
            case e.Validating(progress):
                step = self.state.step.step if self.state.step else 0
                done = round(progress * PARTS)
                self._job.track(Progress(done, PARTS, f"step {step} · validating"))
            case e.Validation():
                self.state.validations = (*self.state.validations, event)
                self._tell(f"validated at step {event.step}: {_mean_dice(event)}")
            case e.Checkpoint():
                self._tell(f"checkpoint saved at step {event.step}")
            case e.Finished():
                self._finish(event)

    def _finish(self, event: e.Finished) -> None:
        self.state.model = event.folder
        model_folders.remember(event.folder)
        text = f"{event.step} steps in {event.minutes:.1f} min; model saved in {event.folder}"
        self._tell(text)
        self._job.succeed(f"{text} and listed in the other panels.")

    def _on_failed(self, error: Exception) -> None:
        if not self._closed:
            self._job.fail(error)
            self._tell(str(error))

    def _on_ended(self) -> None:
        """The process has ended; another run can start."""
        trained, self._process = self._process is not None, None
        outcome = self._job.outcome
        self._refresh_resumable()
        if outcome is None:
            steps = self.state.curve.steps
            if trained and self.state.resumable and steps:
                self._job.say(f"Stopped after step {steps[-1]}. Press Resume to continue.")
            else:
                self._job.say("Stopped.")
            outcome = Status.IDLE
        self.state.status = outcome

    def _forget_run(self) -> None:
        """Clears the curve, validations and messages of an earlier run."""
        state = self.state
        state.curve, state.validations, state.lines = LossCurve(), (), ()

    # -- messages ----------------------------------------------------------------------------------

    def _refresh_resumable(self) -> None:
        form = self.state.form
        self.state.resumable = bool(form.out) and is_file(folder_of(form) / CHECKPOINT)

    def _tell(self, *lines: str) -> None:
        self.state.lines = (*self.state.lines, *lines)[-LINES:]


def _require(form: TrainForm, cases: FoundCases | None) -> None:
    """Raises `InputError` if a run cannot start."""
    if form.data and cases is None:
        raise InputError(f"{form.data}: cannot be used for training; correct it or choose another")
    if cases is not None and cases.problems:
        raise InputError("; ".join(cases.problems[:5]))
    config(form, cases)


def _mean_dice(event: e.Validation) -> str:
    """Mean Dice of each region over the subsets, as text."""
    rows = list(event.dice.values())
    means = {region: sum(row[region] for row in rows) / len(rows) for region in rows[0]}
    return "mean Dice " + ", ".join(f"{region} {value:.2f}" for region, value in means.items())


def _left(event: e.Step) -> str:
    """Remaining time, e.g. `` · 3 min left``; empty while it cannot be estimated."""
    if not 0.01 < event.progress < 1:
        return ""
    minutes = event.minutes * (1 - event.progress) / event.progress
    return f" · {minutes:.0f} min left" if minutes >= 1 else f" · {minutes * 60:.0f} s left"
