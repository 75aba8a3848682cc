"""A cache of one session.

A session caches the features of a case: as long as the model and the voxels are the same, a toggle
needs no encoding. Only one case is cached, since features take gigabytes.
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
    """Reuses the cached session if it fits, otherwise opens another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Session | None = None
        self._model = ""
        self._parts: VolumeSources | None = None
        self._settings = InferenceSettings()
        self._where = ""
        self.seen_in_training = False

    def fits(self, model: str, parts: VolumeSources) -> bool:
        """Whether the cached session has this model, these voxels and settings."""
        return (
            self._session is not None
            and (model, self._engine.where) == (self._model, self._where)
            and inference_settings() == self._settings
            and parts.same_as(self._parts)
        )

    @property
    def settings(self) -> InferenceSettings:
        """The settings of the cached session."""
        return self._settings

    def answers_at_once(self, model: str, parts: VolumeSources, present: Iterable[str]) -> bool:
        """Whether this subset needs no further encoding."""
        return (
            self._session is not None
            and self.fits(model, parts)
            and self._session.is_kept(sorted(present))
        )

    def job(
        self, model: str, parts: VolumeSources, run: Callable[[Session], Iterator[E]]
    ) -> Iterator[Event | E]:
        """The events of ``run`` on a session for these volumes. Slow: runs in a worker.

        The cached session is used if it fits; otherwise it is freed and another is opened.
        """
        yield from (Notice(text) for text in parts.notices)
        if not self.fits(model, parts):
            self.forget()
            yield LOADING
            case = parts.case()
            yield from (Notice(text) for text in case.notices)
            self._settings, self._where = inference_settings(), self._engine.where
            self._session = self._engine.session(model, case, self._settings)
            self._model, self._parts = model, parts
            self.seen_in_training = self._session.seen_in_training
            yield STARTING  # allows stopping before the first window
        assert self._session is not None
        yield from run(self._session)

    def forget(self) -> None:
        """Frees the features. Must not be called while a job runs."""
        if self._session is not None:
            self._session.release()
        self._session = self._parts = None
