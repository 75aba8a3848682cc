"""What the panel *Segment* does with results: show, compare, undo, save. No Qt here."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.model_controller import ModelController
from napari_shaspec.engine import Engine
from napari_shaspec.jobs.runner import Handlers, Runner, as_long_as, run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.planes import Planes
from napari_shaspec.layers.presence import name_missing
from napari_shaspec.layers.views import View, ViewManager, why_not
from napari_shaspec.segment.autosave import Autosave
from napari_shaspec.segment.dicom_export import DicomExport
from napari_shaspec.segment.editing import EditActions, Editing
from napari_shaspec.segment.edits import EditWatch
from napari_shaspec.segment.inputs_export import InputsExport
from napari_shaspec.segment.look import Look
from napari_shaspec.segment.measuring import Measuring
from napari_shaspec.segment.nninteractive import HandOver
from napari_shaspec.segment.pictured import Pictured
from napari_shaspec.segment.reopened import Reopened
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.segment.windowing import Windowing
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel


class ShowingController(ModelController[SegmentState]):
    """The results of the open case on the canvas; subclasses run the jobs."""

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, engine: Engine | None, run: Runner
    ) -> None:
        super().__init__(viewer, state, engine, run, dims=True)
        self._views = ViewManager(viewer, self._on_left)
        viewer.dims.events.ndisplay.connect(self._on_button)
        viewer.canvas.grid.events.enabled.connect(self._on_button)
        self.planes = Planes(viewer)
        self._runner = run
        self._results = Results(viewer, self.state)
        self._before = ""  # subset of the result shown before the current one
        viewer.layers.events.removed.connect(self._on_removed, position="last")
        self.state.events.case.connect(self._begin_anew)
        self.state.events.sources.connect(self._on_sources)
        self.state.events.shown.connect(self._on_shown)
        actions = EditActions(self._on_edited, self._job.say, self._job.show_error)
        while_open = as_long_as(lambda: not self._closed, run)
        self.editing = Editing(viewer, state, while_open, actions)
        self.autosave = Autosave(viewer, state, self._results, run, self._job)
        self.pictured = Pictured(viewer, state, self.show_caption)
        self.look = Look(viewer, state, run, self._job, self.pictured)
        self.windowing = Windowing(viewer, state, while_open, self._job)
        self.measuring = Measuring(viewer, state, while_open, self._job)
        self.hand_over = HandOver(viewer, state, while_open, self._job)
        self.dicom_export = DicomExport(state, self._results, run, self._job)
        self.inputs_export = InputsExport(state, self._results, run, self._job)
        self._edits = EditWatch(viewer, self._on_edited)
        self._on_button()
        self._reopened = Reopened(viewer, state, self._results, self._edits, self._job)
        for field in ("sources", "present", "shown", "results", "edited", "view"):
            self.state.events[field].connect(self.show_caption, max_args=0)

    def show_result(self, subset: str) -> None:
        """Shows the result of ``subset`` (joined by ``+``) and hides the others."""
        if subset in self._results.named():
            self.state.shown = subset
            self._views.show(self.state.shown_map)

    def compare(self) -> None:
        """Switches between the shown result and the one shown before."""
        other = self._results.other_than_shown(self._before)
        if other is None:
            self._job.say(
                "Nothing to compare yet: segment from two different subsets first.", "warning"
            )
        else:
            self.show_result(other)

    def undo(self) -> None:
        """Undoes the last edit of the shown result; without one, restores the result before the
        last run, with its edits. Called again after that, redoes the run."""
        if self.state.status.busy or self.editing.undo():
            return
        try:
            said = self._results.undo()
        except ShaspecError as error:
            self._job.say(str(error), "warning")
            return
        self._views.show(self.state.shown_map)
        self._job.say(said)

    def set_view(self, view: View) -> None:
        """Sets the view: stacked layers, a pane per modality, or 3D."""
        problem = why_not(view, self.state.task)
        if problem:
            self._job.refuse(problem)
            return
        self.set_planes(False)
        self._views.set_view(view, self.state.sources, self.state.shown_map)
        self.state.view = view

    def _on_button(self, *_: object) -> None:
        """The grid or 3D is on or off, by a button of napari or of the panel."""
        grid, dims = self.viewer.canvas.grid, self.viewer.dims
        self.state.stacked = not grid.enabled and dims.ndisplay == 2

    def _on_left(self) -> None:
        """A button of napari has switched the grid or 3D off."""
        if not self._closed:
            self.set_view(View.STACK)

    def set_planes(self, on: bool) -> None:
        """Shows three linked planes, or the single view again."""
        if on == self.state.planes:
            return
        shown = any(layer.visible and layer.ndim == 3 for layer in self.viewer.layers)
        if on and not (shown and self.viewer.dims.ndim == 3):
            self._job.refuse(
                "three planes need a visible volume, and no layer with more than three axes: open "
                "a case, and remove other layers"
            )
            self.state.events.planes.emit(False, False)  # unchanged
            return
        if on:
            if self.state.view is not View.STACK:
                self.set_view(View.STACK)
            self.planes.enter()
        self.state.planes = on
        if not on:
            self.planes.leave()

    def set_letters(self, on: bool) -> None:
        """Marks the sides of the patient at the edges of the canvas, or not."""
        self.state.letters = on

    def save(self, path: str | Path, subset: str = "") -> Path | None:
        """Writes a result (default: the shown one). NIfTI on the grid of its input, or class
        probabilities as CSV; with the ending .csv, the sizes from all subsets. None on failure.

        This thread waits until it is written: for scripts. See `start_saving`."""
        return self._save(path, subset, run_here)

    def told_apart(self) -> list[str]:
        """Words for the name of a file that tell the shown result from others of its subset: the
        model, where several models have segmented the case, and whether it was edited."""
        state = self.state
        result = state.shown_map
        model = result.provenance.get("model", "") if result is not None else ""
        layers = [la for la in of_kind(self.viewer, "result") if origin(la)["case"] == state.case]
        models = {origin(layer)["provenance"].get("model", "") for layer in layers}
        words = [model] if len(models | {model}) > 1 else []
        return words + (["edited"] if state.shown in state.edited else [])

    def start_saving(self, path: str | Path, subset: str = "") -> None:
        """Writes a result as `save` does, in a worker; edits made meanwhile are not in the file."""
        self._save(path, subset, self._runner)

    def _save(self, path: str | Path, subset: str, run: Runner) -> Path | None:
        subset = subset or self.state.shown
        try:
            write = self._results.writing(Path(path), subset)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        edited = self.state.edited.get(subset)
        written: list[Path] = []

        def done(file: Path) -> None:
            written.append(file)
            if file.suffix.lower() != ".csv":
                self.autosave.saved(subset, edited)
            self._job.say(f"saved {file}")

        handlers: Handlers[Path] = Handlers(done, self._job.show_error, lambda: None)
        run(lambda: (work() for work in (write,)), handlers, threading.Event())
        return written[0] if written else None

    def command(self, subset: str = "") -> str | None:
        """The command line that reproduces a result (default: the shown one); None without one."""
        chosen = subset or self.state.shown
        self.state.edited = self._results.edited()  # a script changes voxels without an event
        none, result = "no result yet: press Segment first", self._results.named().get(chosen)
        if result is not None and not result.provenance.get("model"):  # see `Reopened`
            none, result = f"{chosen} {result.provenance['notices'][0]}: segment again", None
        command = self._copied(chosen, result, none)
        if command is not None and chosen in self.state.edited:
            self._job.say("Command copied. It repeats the run, but not your edits.", "warning")
        return command

    def _leave(self) -> None:
        """Stops watching the layers, which stay as they are."""
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.viewer.dims.events.ndisplay.disconnect(self._on_button)
        self.viewer.canvas.grid.events.enabled.disconnect(self._on_button)
        if self.state.view is not View.STACK:
            self.set_view(View.STACK)
        self.set_planes(False)
        self.windowing.close()
        self._edits.close()
        self._reopened.close()
        self.pictured.close()
        self.editing.close()
        name_missing(self.viewer, [])

    # -- what changes beside the results --------------------------------------------------------

    def _begin_anew(self, *_: object) -> None:
        """Clears the results after a change of case or model, and shows stacked layers."""
        super()._begin_anew()
        if self.state.view is not View.STACK:
            self.set_view(View.STACK)
        card = self.state.card
        self._results.switch(card.sha256 if card else "", self.state.case)
        self.state.status = Status.IDLE

    def _on_sources(self) -> None:
        """Clears results of other layers, and updates the view to the new layers."""
        self._forget_outdated()
        if self.state.view is not View.STACK:
            self.set_view(self.state.view)

    def _forget_outdated(self) -> None:
        """Clears the table; the layers stay."""
        if not self._results.are_of(self.state.sources):
            self._results.forget()

    def _on_shown(self, _now: str, before: str) -> None:
        self._before = before

    def show_caption(self) -> None:
        """Lists on the canvas the modalities missing in the visible result, or not ticked, and how
        the result was changed; several visible results are named."""
        names = list(self.state.sources) if any(self.state.sources.values()) else []
        visible = self.pictured.layers()
        titles = [self.pictured.title(layer) for layer in visible]
        if len(visible) > 1:
            named = "\nand ".join(titles)  # side by side, two are wider than a small canvas
            name_missing(self.viewer, [], f"labels of {named}")
            return
        used: Collection[str]
        if visible:
            used = origin(visible[0])["subset"].split("+")
            changes = self.pictured.changes(visible[0])
        else:
            shown = self.state.shown if self.state.view is not View.STACK else ""
            result = self._results.named().get(shown)
            used = self.state.present if result is None else result.subset
            edited = "edited" if shown in self.state.edited else ""
            changes = [*filter(None, [getattr(result, "threshold_text", ""), edited])]
        missing = [name for name in names if name not in used]
        name_missing(self.viewer, missing, ", ".join(changes))

    def _on_edited(self) -> None:
        """Updates the volumes after edits, and reports labels that the task does not have."""
        self.editing.record()
        self.state.edited = self._results.edited()
        self.show_caption()  # the edited layer may be of another model
        problem = self._results.foreign_labels()
        if problem:
            self._job.say(problem, "warning")

    def _on_removed(self, event: Any) -> None:
        self._results.on_removed(event.value)
