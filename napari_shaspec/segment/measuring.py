"""Measurements of the shown result in the panel *Segment*. No Qt here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.jobs.turns import Steps
from napari_shaspec.layers.diameters import remove_diameters, show_diameters
from napari_shaspec.layers.views import View
from napari_shaspec.segment.state import SegmentState
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from shaspec.measuring import Measurements


def measure_job(result: Prediction, region: str) -> Iterator[Measurements]:
    """Measures the lesions of a region. Slow: runs in a worker."""
    from shaspec.measuring import measure

    yield measure(result, region)


def save_job(path: Path, measurements: Measurements) -> Iterator[Path]:
    """Writes a table of lesions."""
    from shaspec.measuring import write_measurements

    yield write_measurements(path, [measurements])


class Measuring:
    """Keeps ``measured`` and ``measuring`` of a `SegmentState`, and the layer of the diameters.

    Measurements hold for the labels that were measured: they go when another result is shown, or
    when the labels are edited.
    """

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, run: Runner, job: JobControl
    ) -> None:
        self._viewer, self._state, self._run, self._job = viewer, state, run, job
        self._of: Prediction | None = None
        for field in ("results", "shown", "edited"):
            state.events[field].connect(self._check, max_args=0)
        state.events.view.connect(self._draw, max_args=0)

    @property
    def measurements(self) -> tuple[Measurements, ...]:
        """The measurements of the shown result, for a report."""
        return () if self._state.measured is None else (self._state.measured,)

    def measure(self, region: str) -> None:
        """Measures the lesions of a region in the shown result, with its edits."""
        result = self._current()
        if result is None or self._state.measuring:
            return
        self._state.measuring = True

        def done(measured: Measurements) -> Steps:
            if result is self._current():
                self._of, self._state.measured = result, measured
                self._job.say(summary(measured))
                self.go_to(1)  # else its diameters may be on a slice far away
                yield  # table and slice are drawn
                if self._state.measured is measured:
                    self._draw()
            else:
                self._job.say("The result has changed: measure it again.", "warning")

        def ended() -> None:
            self._state.measuring = False

        handlers = Handlers(done, self._job.show_error, ended)
        self._run(lambda: measure_job(result, region), handlers, threading.Event())

    def save(self, path: str | Path) -> None:
        """Writes the measurements as CSV, in a worker."""
        measured = self._state.measured
        if measured is None:
            return
        handlers: Handlers[Path] = Handlers(
            lambda written: self._job.say(f"saved {written}"), self._job.show_error, lambda: None
        )
        self._run(lambda: save_job(Path(path), measured), handlers, threading.Event())

    def go_to(self, number: int) -> None:
        """Goes to the slice with the diameters of a lesion."""
        measured, result = self._state.measured, self._of
        if measured is None or result is None or result.grid.dims != 3:
            return
        lesion = next((one for one in measured.lesions if one.number == number), None)
        if lesion is not None:
            grid = result.grid
            self._viewer.dims.set_point(0, grid.origin[0] + lesion.slice * grid.spacing[0])

    def _current(self) -> Prediction | None:
        """The shown result as it is now."""
        return self._state.edited.get(self._state.shown, self._state.shown_map)

    def _check(self) -> None:
        """Removes measurements of other labels."""
        if self._of is not None and self._of is not self._current():
            self._of, self._state.measured = None, None
            remove_diameters(self._viewer)

    def _draw(self) -> None:
        """Shows the layer in the view *Stack*; the panes of the grid have no room for it."""
        if self._state.view is not View.STACK:
            remove_diameters(self._viewer)
        elif self._of is not None and self._state.measured is not None:
            show_diameters(self._viewer, self._state.measured, self._of.grid)


def summary(measured: Measurements) -> str:
    """One line on the lesions of a region, with notes."""
    count = len(measured.lesions)
    lesions = f"{count} lesion{'s' * (count != 1)}" if count else "no lesion"
    measurable = sum(lesion.measurable for lesion in measured.lesions)
    more = f", {measurable} measurable (RANO)" if count and measured.unit == "mL" else ""
    return "\n".join([f"{measured.region}: {lesions}{more}", *measured.notes])
