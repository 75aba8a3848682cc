"""Scans the data of the panel *Train* in a worker whenever the form changes."""

from __future__ import annotations

import threading

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.jobs.state import Level
from napari_shaspec.train import worker
from napari_shaspec.train.state import FoundCases, TrainState

HINT = (
    "Choose a folder of cases, or drop it here. Or press Start to train a small model on phantoms "
    "for two minutes."
)


class DataScan:
    """Updates ``cases`` and ``scanning`` of a `TrainState`; a newer form replaces an older one."""

    def __init__(self, state: TrainState, job: JobControl, run: Runner) -> None:
        self._state, self._job, self._run = state, job, run
        self._stop = threading.Event()
        self._again = False  # the form changed during the current scan
        self._closed = False

    def begin(self) -> None:
        """Scans the data of the form, and clears the result of the previous scan."""
        self._again = self._state.scanning
        if self._again:
            self._stop.set()
            return
        form, self._stop = self._state.form, threading.Event()
        self._state.cases = None
        self._job.say("" if form.data else HINT)
        if form.data:
            self._state.scanning = True
            handlers = Handlers(self._on_cases, self._on_failed, self._on_ended)
            self._run(lambda: worker.scan_data(form), handlers, self._stop)

    def close(self) -> None:
        """Stops a running scan; nothing is reported any more."""
        self._closed = True
        self._stop.set()

    def _on_cases(self, cases: FoundCases) -> None:
        if self._closed or self._again:
            return
        self._state.cases = cases
        text = "\n".join((cases.summary, *cases.problems, *cases.notices))
        worst: Level = "error" if cases.problems else "warning" if cases.notices else "info"
        self._job.say(text, worst)

    def _on_failed(self, error: Exception) -> None:
        if not (self._closed or self._again):
            self._job.show_error(error)

    def _on_ended(self) -> None:
        self._state.scanning = False
        if self._again and not self._closed:
            self.begin()
