"""Autosave of edits in the panel *Segment*, and recovery in a later session. No Qt here.

Every edited result has a file in the data folder of the user. It is removed when the result is
saved, when all edits are undone, or when the user discards it. Files of earlier sessions that
belong to the open case and model are offered, never restored by themselves.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec import user_folder
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.layers.metadata import KEY, origin
from napari_shaspec.layers.results import layer_of
from napari_shaspec.segment.edit_file import Head, Labels, read_edits, read_head, write_edits
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import InputError
from shaspec.files.reading import is_folder
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST = 40
"""Files that are kept; older ones are removed."""


class Autosave:
    """Keeps ``recoverable`` of a `SegmentState`, and the files."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        results: Results,
        run: Runner,
        job: JobControl,
    ) -> None:
        self._viewer, self._state, self._results = viewer, state, results
        self._run, self._job = run, job
        self._files: dict[int, tuple[Prediction, Path]] = {}  # by id; keeps the result alive
        self._safe: dict[Path, Prediction] = {}  # edited results, in the file or saved by the user
        self._removed: set[Path] = set()  # files, also of a result that is being written
        self._saving = False
        state.events.edited.connect(self._on_edited, max_args=0)
        for field in ("sources", "card"):
            state.events[field].connect(self._look, max_args=0)

    # -- writing -----------------------------------------------------------------------------------

    def _on_edited(self) -> None:
        """Writes what has changed, and removes the file of a result without edits."""
        for subset, result in self._maps().items():
            edited = self._state.edited.get(subset)
            stored = self._files.get(id(result))
            if edited is None:
                if stored is not None:
                    self._remove(stored[1])
            elif stored is None or self._safe.get(stored[1]) is not edited:
                self._save(subset, result, edited)

    def _save(self, subset: str, result: Prediction, edited: Prediction) -> None:
        """Writes one result in a worker; while one is written, the next waits."""
        if self._saving:
            return
        folder = user_folder.user_folder("edits")
        _, path = self._files.setdefault(id(result), (result, folder / f"{uuid.uuid4().hex}.npz"))
        head = Head(
            result.case,
            result.task.name,
            subset,
            result.provenance.get("sha256", ""),
            {name: self._paths().get(name, "") for name in result.subset},
            list(edited.provenance.get("edits", [])),
            f"{datetime.now():%d %b %Y, %H:%M}",
            result.provenance,
        )
        self._saving = True
        self._removed.discard(path)

        def ended() -> None:
            self._saving = False
            removed = path in self._removed
            if removed:  # while it was written
                path.unlink(missing_ok=True)
            if removed or self._safe.get(path) is edited:  # else it failed; the next edit retries
                self._on_edited()

        def done(_: Path) -> None:
            if path not in self._removed:
                self._safe[path] = edited

        handlers: Handlers[Path] = Handlers(done, self._failed, ended)
        self._run(lambda: write_job(path, result, edited.labels, head), handlers, _never())

    def _failed(self, error: Exception) -> None:
        self._job.say(f"Edits could not be autosaved: {error}", "warning")

    def saved(self, subset: str, edited: Prediction | None) -> None:
        """The user has saved a result as it was in ``edited``: its file is not needed until it is
        edited again."""
        stored = self._files.get(id(self._maps().get(subset)))
        if stored is not None and edited is not None and edited is self._state.edited.get(subset):
            self._remove(stored[1])
            self._safe[stored[1]] = edited

    def _remove(self, path: Path) -> None:
        self._safe.pop(path, None)
        self._removed.add(path)
        path.unlink(missing_ok=True)

    # -- recovery ----------------------------------------------------------------------------------

    def _look(self) -> None:
        """Looks for files of earlier sessions that belong to the open case and model."""
        card, paths = self._state.card, self._paths()
        folder = user_folder.user_folder("edits")
        self._state.recoverable = ()
        if card is None or not any(paths.values()) or not is_folder(folder):
            return
        own = {path for _, path in self._files.values()}
        task, sha256 = card.task, card.sha256

        def found(offers: tuple[tuple[Path, Head], ...]) -> None:
            if self._state.card is card and self._paths() == paths:
                self._state.recoverable = offers

        def fits(path: Path, head: Head) -> bool:
            return path not in own and head.fits(task, sha256, paths)

        handlers: Handlers[Any] = Handlers(found, self._failed, lambda: None)
        self._run(lambda: look_job(folder, fits), handlers, _never())

    def restore(self) -> None:
        """Brings back the edited results that are offered, the newest on top."""
        offers, self._state.recoverable = self._state.recoverable, ()
        task = self._state.task
        grids = [origin(la).get("grid") for la in self._state.sources.values() if la is not None]
        grid = next((g for g in grids if g is not None), None)
        if task is None or grid is None or self._state.status.busy:
            self._state.recoverable = offers
            return
        case = self._state.case
        handlers: Handlers[Any] = Handlers(self._bring, self._job.show_error, lambda: None)
        paths = [path for path, _ in offers]
        self._run(
            lambda: ((p, *read_edits(p, task, grid, case)) for p in paths), handlers, _never()
        )

    def _bring(self, event: tuple[Path, Prediction, Labels, Head]) -> None:
        """Shows a restored result; its next edits go into the same file."""
        path, result, edited, head = event
        if result.case != self._state.case:  # switched meanwhile; the edits are offered again
            return
        self._results.take(result)
        layer = layer_of(self._viewer, result)
        if layer is not None:
            self._files[id(result)] = (result, path)
            layer.data = edited
            layer.metadata[KEY]["edits"] = head.edits
            self._state.edited = self._results.edited()
        self._job.say(f"{head.subset}: edits of {head.saved} restored")

    def discard(self) -> None:
        """Removes the files that are offered."""
        for path, _ in self._state.recoverable:
            path.unlink(missing_ok=True)
        self._state.recoverable = ()

    # -- the open case -----------------------------------------------------------------------------

    def _maps(self) -> dict[str, Prediction]:
        named = self._results.named()
        return {name: r for name, r in named.items() if isinstance(r, Prediction)}

    def _paths(self) -> dict[str, str]:
        """Modality -> its file; empty for a layer without one."""
        layers = self._state.sources.items()
        return {name: str(origin(la).get("path") or "") for name, la in layers if la is not None}


def write_job(path: Path, result: Prediction, edited: Labels, head: Head) -> Iterator[Path]:
    """Writes a file, and removes the oldest ones. Slow: runs in a worker."""
    write_edits(path, result, edited, head)
    files = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for old in files[:-MOST]:
        old.unlink(missing_ok=True)
    yield path


def look_job(
    folder: Path, fits: Callable[[Path, Head], bool]
) -> Iterator[tuple[tuple[Path, Head], ...]]:
    """The files that fit, the oldest first. Reads files: runs in a worker."""
    edits = []
    for path in sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime):
        try:
            head = read_head(path)
        except InputError:
            continue  # of another version, or damaged
        if fits(path, head):
            edits.append((path, head))
    yield tuple(edits)


def _never() -> threading.Event:
    return threading.Event()
