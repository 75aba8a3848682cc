"""A walk of random steps, and what must hold after each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QCoreApplication, QThreadPool

from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import is_edited
from napari_shaspec.layers.views import View
from napari_shaspec.segment.edit_file import read_edits
from tests.napari_shaspec.walk.engine import Jobs, labels_of
from tests.napari_shaspec.walk.steps import Steps

PATIENCE = 30.0
"""Seconds after which a job counts as stuck."""
EDITS = ("paint", "operate", "undo", "undo_and_redo")
REMOVALS = ("delete", "clear", "close_case")


class Walk(Steps):
    """Takes steps and checks; ``edits`` is the folder of the autosaved edits."""

    def __init__(
        self,
        viewer: Any,
        jobs: Jobs | None,
        panels: Callable[[], tuple[Any, Any]],
        folders: Path,
        edits: Path,
        out: Path,
    ) -> None:
        super().__init__(viewer, jobs, panels, folders, out)
        self._edits = edits

    def do(self, action: str, number: int) -> None:
        """Takes one step and checks what must hold."""
        before, operating = self._edited(), self.segment.state.operating
        act = getattr(self, action)
        act(number)
        self.settle()
        self._check()
        if not operating and action not in (*EDITS, *REMOVALS):
            lost = set(before) - set(self._edited())
            assert not lost, f"{action}: painted voxels are gone"

    def settle(self) -> None:
        """Waits for what happens when the thread is idle, and for jobs in threads."""
        end = time.monotonic() + PATIENCE
        for _ in range(3):
            QThreadPool.globalInstance().waitForDone(1000)
            QCoreApplication.processEvents()
        while self._idle and self._busy and time.monotonic() < end:
            QCoreApplication.processEvents()

    def end(self) -> None:
        """Lets all jobs end, checks, and closes the panels."""
        self.work(10_000)
        self.settle()
        assert self._idle
        self._check()
        self.segment.close()
        self.compare.close()
        self.work(10_000)
        assert not self.segment.planes.open
        assert not [la for kind in ("pane", "surface") for la in of_kind(self.viewer, kind)]

    @property
    def _idle(self) -> bool:
        return self._jobs is None or self._jobs.idle

    @property
    def _busy(self) -> bool:
        state = self.segment.state
        panels = state.status.busy or self.compare.state.status.busy
        return panels or state.operating or state.measuring

    # -- what must hold ----------------------------------------------------------------------------

    def _check(self) -> None:
        state = self.segment.state
        if self._idle:
            assert not self._busy
            self._are_on_the_disk()
        assert state.shown in {"", *self.segment._results.named()}
        assert set(state.edited) <= set(self.segment._results.named())
        assert self.segment.planes.open == state.planes
        assert not state.planes or state.view is View.STACK
        assert state.view is View.GRID or not list(of_kind(self.viewer, "pane"))
        assert state.view is View.THREE_D or not list(of_kind(self.viewer, "surface"))
        for layer in [*of_kind(self.viewer, "result"), *of_kind(self.viewer, "edited")]:
            self._is_what_it_says(layer)
        measured = self.segment.measuring._of
        assert measured is None or measured is self.segment.measuring._current()

    def _is_what_it_says(self, layer: Labels) -> None:
        what = origin(layer)
        subset, model = what["subset"], what["provenance"].get("model", "")
        assert layer.name.startswith(f"seg · {subset}") or "_pred" in layer.name, layer.name
        if not is_edited(layer) and model and not what["provenance"].get("thresholds"):
            expected = labels_of(what["case"], model, subset.split("+"))
            np.testing.assert_array_equal(layer.data, expected, err_msg=layer.name)

    def _are_on_the_disk(self) -> None:
        """Edits of the open case are in a file, or were saved."""
        state = self.segment.state
        task = state.task
        for result in state.edited.values():
            files = [
                read_edits(path, task, result.grid, result.case)[1].tobytes()
                for path in self._edits.glob("*.npz")
            ]
            edited = result.labels.tobytes()
            assert edited in files or edited in self._stored, "an edit is not on the disk"

    def _edited(self) -> list[bytes]:
        """The edited label maps in the viewer."""
        layers = [*of_kind(self.viewer, "result"), *of_kind(self.viewer, "edited")]
        return [layer.data.tobytes() for layer in layers if is_edited(layer)]
