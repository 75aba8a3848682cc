"""Prepares a case in a worker: registers its scans, strips the skull, and opens the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from napari_shaspec.free_folder import free_folder
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.state import Level, Status
from napari_shaspec.layers.metadata import origin
from napari_shaspec.segment.prepared_folder import prepared_folders
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import is_folder, resolved
from shaspec.inference.events import Computed, Progress
from shaspec.inference.reported import reported
from shaspec.io.naming import LABELS

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from shaspec.io.folders import CaseFiles
    from shaspec.preparation import DoubtfulError, Prepared, Transforms
    from shaspec.preparation.strip import Strip
    from shaspec.registration import Registration
    from shaspec.task import Task

Source = Mapping[str, Path] | Sequence[str]
Decision = Literal["use", "leave out", "cancel"]
"""What to do with a scan whose registration the user has looked at."""
PREPARE = "shaspec prepare"  # in findings that a preparation mends
PICTURES = ("registration/*.png", "brain/*.png")
OWN = "shaspec"  # the engine for the brain mask that is bundled


class Start(Protocol):
    """Starts a job of the panel."""

    def __call__(
        self, doing: str, events: Callable[[], Iterator[Any]], on_event: Callable[[Any], None], /
    ) -> None: ...


@dataclass(frozen=True)
class Request:
    """What to prepare, and how; see `shaspec.preparation.prepare`."""

    source: Source
    out: Path
    reference: str = ""
    strip: Strip = "auto"
    skull_engine: str = OWN
    brain_mask: Path | None = None
    check: bool = False
    accept: frozenset[str] = frozenset()
    present: frozenset[str] | None = None


def prepare_job(
    request: Request, task: Task, known: Mapping[str, Registration]
) -> Iterator[Progress | Computed[Prepared]]:
    """Prepares a case; ``known`` are registrations of an earlier run."""
    from shaspec.preparation import prepare

    return reported(
        lambda report: prepare(
            request.source, task, request.out, reference=request.reference, strip=request.strip,
            skull_engine=request.skull_engine, brain_mask=request.brain_mask,
            accept=request.accept, present=request.present, known=known, check=request.check,
            progress=report,
        )
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Made:
    """How the open case was prepared."""

    folder: Path
    transforms: Transforms
    request: Request | None
    """None: it was prepared in another session, so it is not known where its scans are."""


class Preparing:
    """Keeps ``unprepared``, ``doubtful`` and ``pictures`` of a `SegmentState`.

    Args:
        start: starts a job of the panel; one at a time.
        open_case: opens a case folder.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        job: JobControl,
        start: Start,
        open_case: Callable[[Sequence[str | Path]], None],
    ) -> None:
        self._viewer, self._state, self._job = viewer, state, job
        self._start, self._open = start, open_case
        self._refused: Sequence[str] = ()  # paths of a case that was not opened
        self._request: Request | None = None
        self._done: Prepared | None = None
        self._doubtful: DoubtfulError | None = None
        self._requests: dict[Path, Request] = {}  # by folder of a prepared case, of this session
        for field in ("case", "sources"):
            state.events[field].connect(self._check, max_args=0)

    # -- what is to be prepared ------------------------------------------------------------------

    def refused(self, paths: Sequence[str | Path], error: ShaspecError) -> None:
        """Offers to prepare a case that cannot be opened as it is, if that helps."""
        if PREPARE in str(error):
            self._refused = [str(path) for path in paths]
            self._state.unprepared = (_finding(str(error)),)

    def source(self) -> Source:
        """The files to prepare: of the case that was refused last, else of the open one.

        Raises `InputError` if they cannot be prepared.
        """
        if self._refused:
            return self._refused
        layers = {name: la for name, la in self._state.sources.items() if la is not None}
        if not layers:
            raise InputError("there is no case to prepare: open its folder first")
        truth = next((la for la in self._viewer.layers if self._is_truth(la)), None)
        paths = {name: _path(layer) for name, layer in layers.items()}
        if len(set(paths.values())) < len(paths):
            raise InputError(
                f"{next(iter(paths.values()))}: holds several modalities; save each one as a file, "
                "then open them to prepare the case"
            )
        return paths | ({LABELS: _path(truth)} if truth is not None else {})

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities of the case; before one is opened, all modalities of the task."""
        sources = self._state.sources
        return tuple(n for n, layer in sources.items() if self._refused or layer is not None)

    def proposed_folder(self) -> Path | None:
        """A folder beside the case that is not there yet; None, with a message, without a case."""
        try:
            source = self.source()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        paths = [Path(p) for p in (source.values() if isinstance(source, Mapping) else source)]
        folder = paths[0] if is_folder(paths[0]) else paths[0].parent
        return free_folder(folder.with_name(f"{folder.name}_prepared"), "_")

    def _is_truth(self, layer: Layer) -> bool:
        facts = origin(layer)
        truth = facts.get("kind") == "truth" and facts.get("case") == self._state.case
        return truth and facts.get("path") is not None

    def _check(self) -> None:
        """Looks for findings that a preparation mends, and for the pictures of one."""
        self._refused = ()
        layers = [la for la in self._state.sources.values() if la is not None]
        said = [text for la in layers for text in origin(la).get("notices", ())]
        self._state.unprepared = tuple(
            dict.fromkeys(_finding(text) for text in said if PREPARE in text)
        )
        self._state.pictures = tuple(
            path
            for folder in prepared_folders(self._state)
            for kind in PICTURES
            for path in sorted(folder.glob(kind))
        )

    def made_case(self) -> Made | None:
        """How the open case was prepared; None: it was not, or its transforms cannot be read."""
        for folder in prepared_folders(self._state):
            from shaspec.preparation import read_transforms

            try:
                transforms = read_transforms(folder)
            except ShaspecError:  # said when the result is to be saved with them
                continue
            return Made(folder, transforms, self._requests.get(resolved(folder)))
        return None

    def remember(self, made: Made, files: CaseFiles) -> Request:
        """Notes the files that a case was made of, as if it had been prepared in this session."""
        truth = {} if files.labels is None else {LABELS: files.labels}
        request = Request({**files.volumes, **truth}, made.folder)
        self._requests[resolved(made.folder)] = request
        return request

    # -- the job ---------------------------------------------------------------------------------

    def prepare(
        self,
        out: Path,
        *,
        reference: str = "",
        strip: Strip = "auto",
        skull_engine: str = OWN,
        brain_mask: Path | None = None,
        check: bool = False,
    ) -> None:
        """Starts a job that writes the prepared case to ``out`` and opens it.

        ``check``: ask about every scan that is moved. The others as in `shaspec.preparation`.
        """
        if self._state.status.busy:
            return
        try:
            request = Request(self.source(), out, reference, strip, skull_engine, brain_mask, check)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        self._run(request, {})

    def again(self, request: Request, known: Mapping[str, Registration]) -> None:
        """Starts a job for scans whose registrations are known."""
        if not self._state.status.busy:
            self._run(request, known)

    def decide(self, decision: Decision, placed: Registration | None = None) -> None:
        """Continues after a question about a registration, without computing the others again.

        ``placed``: how the user has placed the scan, to be used instead.
        """
        doubtful, request = self._state.doubtful, self._request
        self._state.doubtful = None
        if doubtful is None or request is None or self._state.status.busy:
            return
        if decision == "use":
            request = replace(request, accept=request.accept | {doubtful.modality})
        elif decision == "leave out":
            request = replace(request, present=frozenset(doubtful.found) - {doubtful.modality})
        else:
            self._job.say("The case was not prepared; its files are as they were.")
            return
        registrations = (
            doubtful.found if placed is None else doubtful.found | {doubtful.modality: placed}
        )
        self._run(request, registrations)

    def _run(self, request: Request, known: Mapping[str, Registration]) -> None:
        task = self._state.task
        if task is None:
            return
        self._request, self._done, self._doubtful = request, None, None
        self._start("preparing the case", lambda: prepare_job(request, task, known), self._on_event)

    def _on_event(self, event: Progress | Computed[Prepared]) -> None:
        if isinstance(event, Progress):
            self._job.track(event)
        else:
            self._done = event.value
            self._job.succeed("the case is prepared")

    def asks(self, error: Exception) -> bool:
        """Whether an error of the job is a question about a registration, asked when it ended."""
        from shaspec.preparation import DoubtfulError

        if not isinstance(error, DoubtfulError):
            return False
        self._doubtful = error
        level: Level = "warning" if error.found[error.modality].doubtful else "info"
        self._job.say(f"{error.what}. Decide what to do with it.", level)
        self._job.outcome = Status.DONE if self._state.results else Status.IDLE
        return True

    def ended(self) -> None:
        """After the job: opens the prepared case, or asks about a doubtful registration."""
        done, self._done = self._done, None
        if done is not None:
            if self._request is not None:
                self._requests[resolved(done.folder)] = self._request
            self._open([str(done.folder)])
            self._job.say("\n".join([f"Prepared in {done.folder}", *done.notices]))
        elif self._doubtful is not None:
            self._state.doubtful, self._doubtful = self._doubtful, None


def _finding(text: str) -> str:
    """A notice without its mend."""
    parts = text.split("; ")
    kept = parts[: next(i for i, part in enumerate(parts) if PREPARE in part)]
    return "; ".join(kept) or text


def _path(layer: Layer) -> Path:
    path = origin(layer).get("path")
    if path is None:
        raise InputError(
            f"layer {layer.name!r} was not read from a file: save it as NIfTI and open it"
        )
    return path
