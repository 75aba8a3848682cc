"""A walk of random steps at one panel, and what must hold after each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from qtpy.QtCore import QCoreApplication

from napari_shaspec.layers.metadata import LayerKind, of_kind
from napari_shaspec.layers.results import is_edited
from tests.napari_shaspec.walk.engine import NAMES, Jobs
from tests.napari_shaspec.walk.viewer_steps import ViewerSteps


class PanelWalk(ViewerSteps, ABC):
    """Takes steps at one panel and checks.

    Args:
        viewer: without a window.
        jobs: runs the jobs of the panel.
        open_panel: opens the panel, gives its controller.
        folder: with the cases in `NAMES`; may be written to.
    """

    ACTIONS: ClassVar[tuple[str, ...]]
    """The names of the steps, frequent ones several times."""
    CHANGES: ClassVar[tuple[str, ...]] = ("paint", "delete", "clear", "close_case")
    """The steps after which painted voxels may be others, or gone: the user asked for that."""
    FIRST: ClassVar[tuple[tuple[str, int], ...]] = ()
    """The steps before those that are drawn by lot."""

    def __init__(
        self, viewer: Any, jobs: Jobs, open_panel: Callable[[], Any], folder: Path
    ) -> None:
        self.viewer, self.folder = viewer, folder
        self._jobs, self._open_panel = jobs, open_panel
        self.control = open_panel()

    def do(self, action: str, number: int) -> None:
        """Takes one step and checks what must hold."""
        before = self._painted()
        getattr(self, action)(number)
        self.settle()
        self._check()
        if action not in self.CHANGES:
            assert set(before) <= set(self._painted()), f"{action}: painted voxels are gone"

    def settle(self) -> None:
        """Waits for what happens when the thread is idle."""
        for _ in range(3):
            QCoreApplication.processEvents()

    def end(self) -> None:
        """Lets all jobs end, checks, and closes the panel."""
        self.finish(0)
        self.settle()
        assert self._jobs.idle
        self._check()
        self.control.close()
        self.finish(0)
        self.settle()
        self._is_left()

    # -- jobs --------------------------------------------------------------------------------------

    def work(self, n: int) -> None:
        self._jobs.advance(1 + n % 20)

    def finish(self, _: int) -> None:
        self._jobs.advance(10_000)

    def cancel(self, _: int) -> None:
        self.control.cancel()

    def reopen_panel(self, _: int) -> None:
        """Closes the panel and opens it again; the layers stay."""
        self.control.close()
        self.control = self._open_panel()

    # -- what must hold ----------------------------------------------------------------------------

    @property
    def state(self) -> Any:
        return self.control.state

    def _check(self) -> None:
        if self._jobs.idle:
            assert not self.state.status.busy, "a job has ended, and the panel waits for it"
        self._is_right()

    @abstractmethod
    def _is_right(self) -> None:
        """What must hold after every step."""

    def _painted(self) -> list[bytes]:
        """The label maps that were painted by hand."""
        kinds: tuple[LayerKind, ...] = ("result", "swept", "edited")
        layers = [layer for kind in kinds for layer in of_kind(self.viewer, kind)]
        return [layer.data.tobytes() for layer in layers if is_edited(layer)]

    def _is_left(self) -> None:
        """What must hold after the panel was closed."""


class CasePanelWalk(PanelWalk):
    """Steps of panels that work on an open case."""

    def open_case(self, n: int) -> None:
        if NAMES[n % 2] not in self.state.cases or n % 10 == 0:
            self.control.open([self.folder / NAMES[n % 2]])

    def switch(self, n: int) -> None:
        cases = self.state.cases
        if cases:
            self.control.switch_case(cases[n % len(cases)])

    def close_case(self, n: int) -> None:
        cases = self.state.cases
        if cases:
            self.control.close_case(cases[n % len(cases)])

    def tick(self, n: int) -> None:
        names = self.state.task.names
        self.control.tick(names[n % 4], n % 3 > 0)

    def assign(self, n: int) -> None:
        choices = [None, *self.state.choices]
        self.control.assign(self.state.task.names[n % 4], choices[n // 4 % len(choices)])


JOBS = ("work", "finish", "cancel", "reopen_panel")
CASES = ("open_case", "switch", "close_case", "tick", "assign")
