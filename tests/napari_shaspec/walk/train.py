"""A walk of random steps at the panel *Train*, which uses no layers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from napari_shaspec.jobs.state import Status
from napari_shaspec.train.run_folder import CHECKPOINT
from tests.napari_shaspec.walk.engine import Jobs
from tests.napari_shaspec.walk.panel_walk import JOBS, PanelWalk
from tests.napari_shaspec.walk.viewer_steps import names_of

DATA = ("", "cases", "no_such_folder")


class TrainWalk(PanelWalk):
    """Forms, scans and runs. The folder has labelled cases in ``cases``.

    Args:
        launched: the training processes that were started, the newest last.
    """

    FIRST = (("start", 0),)

    def __init__(
        self,
        viewer: Any,
        jobs: Jobs,
        open_panel: Callable[[], Any],
        folder: Path,
        launched: list[Any],
    ) -> None:
        super().__init__(viewer, jobs, open_panel, folder)
        self._launched = launched

    def cancel(self, _: int) -> None:
        self.control.stop()

    def start(self, _: int) -> None:
        self.control.start()

    def data(self, n: int) -> None:
        name = DATA[n % 3]
        self.control.choose_data(str(self.folder / name) if name else "")

    def form(self, n: int) -> None:
        values = ({"phantoms": n % 4}, {"minutes": float(n)}, {"task": "brats"}, {"fold": n % 3})
        self.control.change(**values[n % 4])

    def wrong_form(self, n: int) -> None:
        wrong = ({"more": "x ="}, {"out": ""}, {"task": "no such task"}, {"phantoms": 0})
        self.control.change(**wrong[n % 4])

    def right_form(self, n: int) -> None:
        self.control.change(more="", task="", phantoms=2, out=str(self.folder / f"run_{n % 3}"))

    def choose_out(self, n: int) -> None:
        self.control.choose_out(self.folder / f"run_{n % 3}")

    def new_run(self, _: int) -> None:
        self.control.new_run()

    def read_cases(self, _: int) -> None:
        self.control.check()

    # -- what must hold

    def _is_right(self) -> None:
        state = self.state
        steps = list(state.curve.steps)
        assert steps == sorted(set(steps)), steps
        assert all(a.step < b.step for a, b in pairwise(state.validations))
        if self._jobs.idle:
            assert not state.scanning
            assert all(process.closed for process in self._launched if process.begun)
            there = bool(state.form.out) and (Path(state.form.out) / CHECKPOINT).is_file()
            assert state.resumable == there
            assert bool(state.form.data) or state.cases is None
            if state.status is Status.DONE and state.model:
                assert Path(state.model).is_dir()

    def _is_left(self) -> None:
        assert all(process.closed for process in self._launched if process.begun)


OFTEN = ("start", "start", "work", "work", "finish", "right_form", "cancel")
TrainWalk.ACTIONS = (*OFTEN, *JOBS, *names_of(TrainWalk))
