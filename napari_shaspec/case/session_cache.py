"""The one session that is kept, and what it was opened for.

A session holds the features of a case: as long as model and voxels are the same, a toggle is
answered from them. One case at a time, for they take gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.engine import Engine, Session
from napari_shaspec.jobs.runner import E
from napari_shaspec.settings import InferenceSettings, inference_settings
from shaspec.inference.events import Event, Notice, Progress

LOADING = Progress(0, 0, "loading the model")
STARTING = Progress(0, 0, "first window")


class SessionCache:
    """Opens a session where it must, and goes on with the one that is there where it can."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Session | None = None
        self._model = ""
        self._parts: VolumeSources | None = None
        self._settings = InferenceSettings()
        self.seen_in_training = False

    def fits(self, model: str, parts: VolumeSources) -> bool:
        """The session that is there was opened for this model, these very voxels and settings."""
        return (
            self._session is not None
            and model == self._model
            and inference_settings() == self._settings
            and parts.same_as(self._parts)
        )

    @property
    def settings(self) -> InferenceSettings:
        """The settings of the session that is there."""
        return self._settings

    def answers_at_once(self, model: str, parts: VolumeSources, present: Iterable[str]) -> bool:
        """True if this subset needs no encoding any more."""
        return (
            self._session is not None
            and self.fits(model, parts)
            and self._session.is_kept(sorted(present))
        )

    def job(
        self, model: str, parts: VolumeSources, run: Callable[[Session], Iterator[E]]
    ) -> Iterator[Event | E]:
        """The events of one ``run`` on a session for these volumes. Slow: runs in a worker.

        The session that is there is used if it fits; otherwise it is freed and another is opened.
        """
        if not self.fits(model, parts):
            self.forget()
            yield LOADING
            case = parts.case()
            yield from (Notice(text) for text in case.notices)
            self._settings = inference_settings()
            self._session = self._engine.session(model, case, self._settings)
            self._model, self._parts = model, parts
            self.seen_in_training = self._session.seen_in_training
            yield STARTING  # a place to stop at, before the first window
        assert self._session is not None
        yield from run(self._session)

    def forget(self) -> None:
        """Frees the features; not while a job runs."""
        if self._session is not None:
            self._session.release()
        self._session = self._parts = None
