"""What a user may do at any moment in *Segment*, in *Compare* and in napari itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_shaspec.compare.state import Shown
from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.views import View
from napari_shaspec.settings import section
from shaspec.editing import Operation
from tests.napari_shaspec.walk.engine import MODELS, NAMES, Jobs
from tests.napari_shaspec.walk.viewer_steps import ViewerSteps, names_of

REGIONS = ("ET", "TC", "WT")


class Steps(ViewerSteps):
    """The steps of one user at one viewer; each takes a number, from which its choices follow.

    Args:
        viewer: with or without a window.
        jobs: runs the jobs of the panels; None: they run in threads.
        panels: opens *Segment* and *Compare*, gives their controllers.
        folders: of the cases in `NAMES`.
        out: folder to save into.
    """

    def __init__(
        self,
        viewer: Any,
        jobs: Jobs | None,
        panels: Callable[[], tuple[Any, Any]],
        folders: Path,
        out: Path,
    ) -> None:
        self.viewer, self._jobs, self._panels = viewer, jobs, panels
        self._folders, self._out = folders, out
        self.segment, self.compare = panels()
        self._saved: list[Path] = []
        self._stored: set[bytes] = set()
        """Edited label maps that the user has saved."""

    # -- jobs --------------------------------------------------------------------------------------

    def work(self, n: int) -> None:
        if self._jobs is not None:
            self._jobs.advance(n)

    def finish(self, _: int) -> None:
        self.work(10_000)

    def cancel(self, _: int) -> None:
        self.segment.cancel()

    # -- cases, models, runs -----------------------------------------------------------------------

    def open_case(self, n: int) -> None:
        if NAMES[n % 2] not in self.segment.state.cases or n % 10 == 0:
            self.segment.open([self._folders / NAMES[n % 2]])

    def switch(self, n: int) -> None:
        cases = self.segment.state.cases
        if cases:
            self.segment.switch_case(cases[n % len(cases)])

    def close_case(self, n: int) -> None:
        cases = self.segment.state.cases
        if cases:
            self.segment.close_case(cases[n % len(cases)])

    def model(self, n: int) -> None:
        self.segment.choose_model(MODELS[n % 2])

    def tick(self, n: int) -> None:
        names = self.segment.state.task.names
        self.segment.tick(names[n % 4], n % 3 > 0)

    def run(self, _: int) -> None:
        self.segment.segment()

    def show(self, n: int) -> None:
        named = list(self.segment._results.named())
        if named:
            self.segment.show_result(named[n % len(named)])

    def other(self, _: int) -> None:
        self.segment.compare()

    def reopen_panels(self, _: int) -> None:
        """Closes both panels and opens them again; the layers stay."""
        self.segment.close()
        self.compare.close()
        self.segment, self.compare = self._panels()

    # -- edits -----------------------------------------------------------------------------------

    def paint(self, n: int) -> None:
        layer = self._shown()
        if layer is None:
            return
        panes = list(of_kind(self.viewer, "pane"))
        target = panes[n % len(panes)] if panes and n % 2 else layer
        target.paint((5 + n % 9, 6 + n % 11, 8), (1, 2, 4, 0)[n % 4])

    def operate(self, n: int) -> None:
        kinds = ("grow", "shrink", "fill holes", "keep largest", "smooth")
        kind = kinds[n % len(kinds)]
        self.segment.editing.operate(Operation(kind, REGIONS[n % 3], 1.5))

    def undo(self, _: int) -> None:
        self.segment.undo()

    def undo_and_redo(self, _: int) -> None:
        layer = self._shown()
        if layer is not None and self.segment.state.can_undo_edit:
            before = layer.data.copy()
            assert self.segment.editing.undo()
            assert self.segment.editing.redo()
            np.testing.assert_array_equal(layer.data, before)

    def tool(self, n: int) -> None:
        self.segment.editing.choose_tool((-1, 0, 1, 2, 4)[n % 5])

    def save(self, n: int) -> None:
        state = self.segment.state
        if state.shown in self.segment._results.named():
            path = self._out / f"{state.case}_{state.shown}_{n % 3}_edited_pred.nii.gz"
            edited = state.edited.get(state.shown)
            self.segment.start_saving(path)
            self._saved.append(path)
            if edited is not None:
                self._stored.add(edited.labels.tobytes())

    def reopen(self, n: int) -> None:
        there = [path for path in self._saved if path.is_file()]
        if there:
            self.segment.open([there[n % len(there)]])

    def recover(self, n: int) -> None:
        if n % 4:
            self.segment.autosave.restore()

    # -- looks -----------------------------------------------------------------------------------

    def view(self, n: int) -> None:
        self.segment.set_view(tuple(View)[n % 3])

    def planes(self, _: int) -> None:
        self.segment.set_planes(not self.segment.state.planes)

    def window(self, n: int) -> None:
        if n % 2:
            self.segment.windowing.next_preset()
        else:
            self.segment.windowing.set_window(100.0 + n, 50.0 + n)

    def look(self, n: int) -> None:
        self.segment.look.set_opacity(n % 10 / 10)
        self.segment.look.set_contour(n % 2 > 0)
        self.segment.set_letters(n % 3 > 0)
        assert self.segment.look.caption()

    def large_type(self, _: int) -> None:
        kept = section("display")
        if kept is not None:
            kept.large_type = not kept.large_type

    def measure(self, n: int) -> None:
        self.segment.measuring.measure(REGIONS[n % 3])
        self.segment.measuring.go_to(1 + n % 3)

    def confidence(self, n: int) -> None:
        if n % 2:
            self.segment.show_probability(("", *REGIONS)[n % 4])
        else:
            self.segment.set_threshold(REGIONS[n % 3], (0.05, 0.5, 0.9)[n % 7 % 3])

    def choose_sides(self, n: int) -> None:
        choices = [*self.compare.state.choices, *self.compare.state.images]
        if choices:
            self.compare.choose(choices[n % len(choices)], choices[n // 7 % len(choices)])

    def compare_sides(self, _: int) -> None:
        self.compare.compare()

    def show_side(self, n: int) -> None:
        self.compare.show(tuple(Shown)[n % 4])
        self.compare.move_line(n % 11 / 10)

    def flicker(self, n: int) -> None:
        self.compare.hold(True)
        if n % 3:
            self.compare.hold(False)

    # -- what is there

    def _shown(self) -> Labels | None:
        return self.segment.editing._shown_layer()


OFTEN = ("tick", "run", "run", "paint", "operate", "undo", "show", "view", "work", "finish")
ACTIONS = (*OFTEN, *names_of(Steps, ViewerSteps))
"""The names of all steps, those of `OFTEN` more often."""
