"""Controller of the panel *Compare*. No Qt here: a `ViewerModel` is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.case.opening import open_paths
from napari_shaspec.compare.showing import Canvas, HoldKey
from napari_shaspec.compare.sides import (
    comparable,
    images_of,
    names_of,
    proposed_pair,
    side_of,
    task_of,
)
from napari_shaspec.compare.state import CompareState, Comparison, Shown
from napari_shaspec.compare.worker import Written, compare_job, save_job
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.jobs.turns import Steps
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

TWO = (
    "These results belong to two cases, {} and {}. Compare them voxel by voxel? Only two dates of "
    "one patient, registered to each other, give a meaningful result."
)
PICTURES = "Only label maps can be compared in numbers. Look at images with A, B and Swipe."
NONE = "Open or make two label maps of one patient: results, edited results, a ground truth."


class CompareController:
    """Chooses two layers, runs the comparison and shows one of the two or their difference."""

    def __init__(self, viewer: ViewerModel, *, run: Runner = run_in_worker) -> None:
        self.viewer = viewer
        self.state = CompareState()
        self._job = JobControl(self.state, run)
        self._canvas = Canvas(viewer, self.state)
        self._closed = False
        self._watched: list[Labels] = []
        self._painted: set[int] = set()  # ids of layers that were painted on
        self._asked = False  # the user chose a layer
        for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
            event.connect(self._refresh, position="last")
        self._key = HoldKey(viewer, self.hold)
        self._refresh()

    # -- choice ----------------------------------------------------------------------------------

    def choose(self, first: Labels | Image | None, second: Labels | Image | None) -> None:
        """Takes two layers of the user's choice; a comparison of others is forgotten."""
        self._asked = True
        self._take(first, second)

    def _take(self, first: Labels | Image | None, second: Labels | Image | None) -> None:
        if (first, second) == (self.state.first, self.state.second):
            return
        self._canvas.end()
        self.state.first, self.state.second = first, second
        self._forget()

    def swap(self) -> None:
        """Exchanges the two layers."""
        self.choose(self.state.second, self.state.first)

    def show(self, shown: Shown) -> None:
        """Shows the first, the second, their difference, or both on the sides of a line."""
        self._canvas.show(shown)

    def move_line(self, place: float) -> None:
        """Moves the line of a swipe to a fraction of the width of the canvas."""
        self.state.line = place

    def hold(self, held: bool) -> None:
        """While held, shows the second instead of the first, or the first instead of the others."""
        self._canvas.hold(held)

    def show_region(self, region: str) -> None:
        """Chooses the region of the difference layer, and shows it."""
        comparison = self.state.comparison
        if comparison is not None and region in comparison.maps:
            self.state.region = region
            self._canvas.show(Shown.DIFFERENCE)

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens files, e.g. a segmentation to compare with."""
        try:
            open_paths(self.viewer, paths)
        except ShaspecError as error:
            self._job.refuse(str(error))

    # -- jobs ------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Starts the comparison, or says what is missing."""
        from napari.layers import Labels

        first, second = self.state.first, self.state.second
        if self.state.status.busy or self._closed:
            return
        if first is None or second is None or first is second:
            self._job.say("Choose two different layers.", "warning")
            return
        if not isinstance(first, Labels) or not isinstance(second, Labels):
            self._job.say(PICTURES, "warning")
            return
        try:
            here, there = (side_of(la, self.state.names[id(la)]) for la in (first, second))
            task = task_of(here, there)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        cases = (here.case, there.case)
        if all(cases) and cases[0] != cases[1] and not notifications.ask(TWO.format(*cases)):
            self._job.say(f"Not compared: layers of two cases, {' and '.join(cases)}.", "warning")
            return
        self._start("comparing", compare_job(here, there, task))

    def save(self, path: str | Path) -> None:
        """Starts writing the table as CSV."""
        comparison = self.state.comparison
        if comparison is not None and not self.state.status.busy:
            self._start("writing the table", save_job(Path(path), comparison))

    def cancel(self) -> None:
        """Ends the job after the current region."""
        self._job.interrupt()

    def close(self) -> None:
        """Ends the job and disconnects from the viewer; the layers stay."""
        if self._closed:
            return
        self._closed = True
        self._canvas.end()
        for name in self.state.events:
            self.state.events[name].disconnect()
        for event in (self.viewer.layers.events.inserted, self.viewer.layers.events.removed):
            event.disconnect(self._refresh)
        self._watch(())
        self._key.close()
        self._job.close()

    def _start(self, doing: str, events: Iterator[Any]) -> None:
        self._job.start(doing, lambda: events, self._on_event, self._on_ended)

    def _on_event(self, event: Any) -> Steps:
        if self._closed:
            return
        if isinstance(event, Written):
            self._job.succeed(f"saved {event.path}")
        elif not isinstance(event, Comparison):
            self._job.track(event)
        elif (event.first.layer, event.second.layer) != (self.state.first, self.state.second):
            self._job.say("A layer was removed or exchanged meanwhile: compare again.", "warning")
        else:
            self.state.comparison = event
            largest = max(event.rows, key=lambda row: row.first + row.second).region
            self.state.region = self.state.region if self.state.region in event.maps else largest
            yield  # the table is drawn
            if self.state.comparison is event:
                self._canvas.show(Shown.DIFFERENCE)
            self._job.succeed(f"Compared {event.first.name} with {event.second.name}.")

    def _on_ended(self) -> None:
        if self._job.outcome is None and not self.state.message.text:
            self._job.say("Cancelled.")
        self.state.status = self._job.outcome or Status.IDLE

    # -- what changes in the viewer ----------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        """Lists the layers again; a layer that is gone is replaced in the choice.

        Until the user chooses, compares or shows something, the choice is that of `proposed_pair`.
        """
        layers = comparable(self.viewer)
        self._watch(layers)
        self.state.images = images = images_of(self.viewer)
        self.state.names = names_of((*layers, *images))
        self.state.choices = layers
        first, second = self.state.first, self.state.second
        listed: tuple[Labels | Image, ...] = (*layers, *images)
        in_use = self._asked or self.state.shown is not None or self.state.status.busy
        if not in_use or (first not in listed and second not in listed):
            self._asked = False
            first, second = proposed_pair(layers)
        elif first not in listed:  # an image is replaced by an image
            alike = images if second in images else layers
            first = next((layer for layer in reversed(alike) if layer is not second), None)
        if second not in listed or second is first:
            alike = images if first in images else layers
            second = next((layer for layer in alike if layer is not first), None)
        self._take(first, second)
        if len(layers) < 2 and not self.state.status.busy:
            self._job.say(NONE)
        elif self.state.message.text == NONE:
            self._job.say("")

    def _watch(self, layers: Sequence[Labels]) -> None:
        """Follows the names and edits of these layers, and no longer those of others."""
        for layer in [la for la in self._watched if la not in layers]:
            layer.events.name.disconnect(self._on_name)
            layer.events.paint.disconnect(self._on_paint)
            layer.events.set_data.disconnect(self._on_data)
            layer.events.data.disconnect(self._on_data)
            self._painted.discard(id(layer))
        for layer in [la for la in layers if la not in self._watched]:
            layer.events.name.connect(self._on_name)
            layer.events.paint.connect(self._on_paint)
            layer.events.set_data.connect(self._on_data)
            layer.events.data.connect(self._on_data)
        self._watched = list(layers)

    def _on_name(self, *_: object) -> None:
        self.state.names = names_of((*self.state.choices, *self.state.images))

    def _on_paint(self, event: Any) -> None:
        self._painted.add(id(event.source))
        self._outdate(event.source)

    def _on_data(self, event: Any) -> None:
        """New voxels, undo and redo; scrolling emits this too, and changes no voxel."""
        for side in self.state.comparison.sides if self.state.comparison else ():
            if side.layer is event.source:
                replaced = side.source is not event.source.data
                undone = id(side.layer) in self._painted
                if replaced or (undone and not np.array_equal(side.data, side.layer.data)):
                    self._outdate(side.layer)

    def _outdate(self, layer: Labels) -> None:
        """The table and the map are of voxels that are not there any more."""
        if self.state.comparison and layer in (self.state.first, self.state.second):
            self._forget()
            self._job.say("A layer was edited: press Compare again.", "warning")

    def _forget(self) -> None:
        self.state.comparison = None
        self._canvas.forget()
