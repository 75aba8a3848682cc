"""Base class of the controllers of panels that work on a case. Does not use Qt.

A panel shows the state and calls the methods of its controller; the controller collects volumes
from layers, runs the engine, and passes results to `napari_shaspec.layers`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from napari_shaspec import model_folders, recent_cases
from napari_shaspec.case import assignment, opening
from napari_shaspec.case.modality_rows import ModalityRows
from napari_shaspec.case.open_cases import OpenCases
from napari_shaspec.case.session_cache import SessionCache
from napari_shaspec.case.state import CaseState
from napari_shaspec.chosen_engine import ChosenEngine, Hears
from napari_shaspec.engine import Engine
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Runner
from napari_shaspec.jobs.turns import Steps
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.viewer import prepare_view_soon
from napari_shaspec.recent_cases import RecentCase
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.command import Result, command_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

W = TypeVar("W", bound=CaseState)

MIX = (
    "These layers belong to two cases, {} and {}. Use them as one case? Only layers of one patient "
    "at one time give a meaningful result."
)


class CaseController(ABC, Generic[W]):
    """Rows, session and job of one panel; only it and its `ModalityRows` change ``state``.

    ``dims``: dims the layers of unticked modalities; one panel of a viewer can do that.
    """

    def __init__(
        self, viewer: ViewerModel, state: W, engine: Engine | None, run: Runner, *, dims: bool
    ) -> None:
        self.viewer = viewer
        self.state = state
        self._rows = ModalityRows(viewer, state, dims=dims)
        self._job = JobControl(state, run)
        hears = Hears(self._on_known_models, self._job.say, lambda: self.state.status.busy)
        self._engine = ChosenEngine(engine, run, hears)
        self._kept = SessionCache(self._engine)
        self._closed = False
        self._cases = OpenCases(viewer)
        state.events.case.connect(self._cases.show, max_args=1)
        prepare_view_soon(viewer, lambda: not self._closed)
        self._unfollow = model_folders.follow(self._on_known_models)
        self._unfollow_recent = recent_cases.follow(self._refresh_recent)
        state.events.cases.connect(self._refresh_recent)
        self._refresh_recent()

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens a case folder, the files of a case, or DICOM, with this plugin's reader."""
        self._job.forget_error()
        try:
            opened = opening.without_dicom(paths)
            if opened is None:  # the user has cancelled
                return
            paths = opened
            opening.open_paths(self.viewer, paths)
        except ShaspecError as error:
            self._job.refuse(str(error))
            self._on_not_opened(paths, error)

    def _on_not_opened(self, paths: Sequence[str | Path], error: ShaspecError) -> None:
        """Offers what may help; called after the error was shown."""

    def open_recent(self, case: RecentCase) -> None:
        """Opens one of the recent cases; removes it from the list if its files are gone."""
        if case.there:
            self.open(case.paths)
        else:
            recent_cases.forget(case)
            self._job.say(
                f"{case.paths[0]} does not exist any more: it was removed from the recent cases. "
                "Open the case from its new folder.",
                "warning",
            )

    def assign_files(self) -> None:
        """Lets the user reassign the files of the case to modalities."""
        task = self.state.task
        if self.state.status.busy or task is None:
            return
        try:
            opening.assign_files(self.viewer, self.state.case, task)
        except ShaspecError as error:
            self._job.refuse(str(error))

    def assign(self, modality: str, layer: Image | None) -> None:
        """Assigns ``layer`` to ``modality``; None: the modality is missing."""
        if self.state.status.busy or self.state.sources.get(modality) is layer:
            return
        unfit = assignment.unfit(layer, modality, self.state.task)
        if unfit:
            self._job.refuse(unfit)
        others = {n: la for n, la in self.state.sources.items() if n != modality}
        cases = assignment.cases_of({**others, modality: layer})
        mixed = len(cases) > 1 and assignment.cases_of(others) != cases
        if unfit or (mixed and not notifications.ask(MIX.format(*cases))):
            self.state.events.sources.emit(self.state.sources, self.state.sources)  # unchanged
            return
        self._rows.assign(modality, layer)
        self._hint()

    def switch_case(self, case: str) -> None:
        """Shows another open case: its layers, rows and results."""
        if not self.state.status.busy and case in self.state.cases:
            self._rows.show_case(case)
            self._hint()

    def close_case(self, case: str) -> None:
        """Removes the layers of a case from the viewer, and shows another open case."""
        if self.state.status.busy or case not in self.state.cases:
            return
        self._cases.close(case)
        if self.state.cases:
            self.switch_case(self.state.cases[-1])

    @abstractmethod
    def tick(self, modality: str, present: bool) -> None:
        """Sets whether ``modality`` is used."""

    def cancel(self) -> None:
        """Stops the job after the current window; finished results are kept."""
        self._job.interrupt()

    def close(self) -> None:
        """Stops the job, frees the features and disconnects from the viewer."""
        if self._closed:
            return
        self._closed = True
        self._engine.close()
        self._unfollow()
        self._unfollow_recent()
        for name in self.state.events:
            self.state.events[name].disconnect()  # a view may have been deleted
        self._leave()
        self._rows.close()
        self.cancel()
        self._job.close()
        if not self.state.status.busy:
            self._kept.forget()

    def _copied(self, name: str, result: Result | None, none: str) -> str | None:
        """The command line that reproduces a result; None, with a message, if there is none."""
        try:
            if result is None:
                raise InputError(none)
            command = command_of(result)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        self._job.say(f"{name}: command copied")
        return command

    def _refresh_recent(self, *_: object) -> None:
        """Lists the recent cases that are not open."""
        opened = [path for la in self.viewer.layers if (path := origin(la).get("path"))]
        self.state.recent = tuple(
            case for case in recent_cases.recent_cases() if not any(map(case.holds, opened))
        )

    def _leave(self) -> None:
        """Disconnects other callbacks of this controller from the viewer."""

    @abstractmethod
    def _on_known_models(self) -> None:
        """Lists the models of the engine: at the start, and when there may be others."""

    def _start_job(
        self,
        doing: str,
        events: Callable[[], Iterator[Any]],
        on_event: Callable[[Any], Steps | None],
    ) -> None:
        """Starts a job; its events are handled as long as the panel is open."""

        def while_open(event: Any) -> Steps | None:
            return None if self._closed else on_event(event)

        self._job.start(doing, events, while_open, self._on_ended, self._on_failed)

    @abstractmethod
    def _on_ended(self) -> None:
        """Sets the final status when the worker has ended; another job may start."""

    def _on_failed(self, error: Exception) -> None:
        self._job.fail(error)
        self._engine.doubt(error)

    def _hint(self, *_: object) -> None:
        """A hint on the next step, if it is not obvious from the panel."""
        task = self.state.task
        if self.state.status.busy or task is None:
            return
        if any(layer is not None for layer in self.state.sources.values()):
            self._job.say("")
        else:
            self._job.say(
                f"Open a case, or drop its folder here: {task.title_names}, or some of "
                "them. A phantom is in File > Open Sample > ShaSpec."
            )
