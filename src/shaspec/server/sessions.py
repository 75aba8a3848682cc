"""The sessions of a server: one model on one case each, several of them within bounded memory.

Opening a session only notes what is asked for. Its case and its network are loaded by its first
run, and freed when others need the memory: the next run loads them again. A session that is not
used for a while is closed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shaspec.inference.events import Computed, Finished, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.prediction import Classification, Prediction
from shaspec.remote.wire import MOST_LISTED, OpenRequest, RunRequest
from shaspec.server.limits import MB, Limits
from shaspec.server.loading import case_of, check_request, session_of
from shaspec.server.refusals import RefusedError
from shaspec.server.shelf import Shelf
from shaspec.server.volumes import Volumes

if TYPE_CHECKING:
    from shaspec.inference.classification import ClassificationSession
    from shaspec.inference.session import InferenceSession


@dataclass(eq=False)
class Served:
    """One session, and what of it is in memory."""

    request: OpenRequest
    cost: int
    """Bytes that its case takes in memory."""
    used: float
    """When it was used last, in seconds."""
    name: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """Known to its client alone."""
    runs: int = 0
    """Runs that wait or run."""
    closed: bool = False
    session: InferenceSession | ClassificationSession | None = None
    """None: not loaded."""
    device: str = ""
    """Where it was loaded to."""

    @property
    def digests(self) -> list[str]:
        """Its volumes."""
        return [volume.sha256 for volume in self.request.volumes.values()]

    @property
    def kept(self) -> tuple[tuple[str, ...], ...]:
        """Subsets that need no further encoding."""
        if self.session is None or len(self.session.case.present) > MOST_LISTED:
            return ()
        subsets = self.session.task.subsets()
        there = [s for s in subsets if set(s) <= set(self.session.case.present)]
        return tuple(s for s in there if self.session.is_kept(s))


@dataclass(frozen=True, eq=False)
class Outcome:
    """Last event of a run."""

    result: Prediction | Classification | FeatureMaps
    kept: tuple[tuple[str, ...], ...]
    """Subsets that need no further encoding."""


class Sessions:
    """All sessions. `run` is for the one thread that computes, all else for any thread.

    Args:
        shelf: the models.
        volumes: the uploaded volumes.
        limits: bounds.
        device: ``auto``, ``cpu``, ``cuda`` ...
        precision: of the runs that ask for ``auto``.
        clock: seconds.
    """

    def __init__(
        self,
        shelf: Shelf,
        volumes: Volumes,
        limits: Limits,
        *,
        device: str = "auto",
        precision: str = "auto",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf, self._volumes, self._limits = shelf, volumes, limits
        self._device, self._precision, self._clock = device, precision, clock
        self._sessions: dict[str, Served] = {}
        self._budget: int | None = limits.features
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, request: OpenRequest) -> str:
        """Note a session; returns its name.

        Raises:
            RefusedError: for an unknown model, volumes that are not there or do not fit the model,
                a case that is too large, and when all sessions are in use.
        """
        cost = check_request(request, self._shelf.card(request.model))
        if cost > min(self._limits.case, self._limits.memory):
            most = min(self._limits.case, self._limits.memory) // MB
            raise RefusedError(
                413, f"the case takes {cost // MB} MB of memory, this server allows {most} MB"
            )
        served = Served(request, cost, self._clock())
        with self._lock:
            self._volumes.hold(served.digests)
            try:
                self._make_place()
            except RefusedError:
                self._volumes.let_go(served.digests, served.used)
                raise
            self._sessions[served.name] = served
        return served.name

    def find(self, name: str) -> Served:
        """The session of a name; raises `RefusedError` if there is none."""
        with self._lock:
            served = self._sessions.get(name)
        if served is None:
            raise RefusedError(
                404, "the session has ended: it was closed, or not used for too long"
            )
        return served

    def enter(self, name: str) -> Served:
        """Begin a run; raises `RefusedError` if there is no such session."""
        with self._lock:
            served = self.find(name)
            served.runs += 1
            served.used = self._clock()
            return served

    def leave(self, served: Served) -> None:
        """End a run."""
        with self._lock:
            served.runs -= 1
            served.used = self._clock()
            if served.closed and not served.runs:
                self._free(served)

    def close(self, name: str) -> None:
        """End a session, after its run; an unknown one has ended."""
        with self._lock:
            served = self._sessions.pop(name, None)
            if served is not None:
                served.closed = True
                if not served.runs:
                    self._free(served)

    def give_way(self) -> bool:
        """End the session that was used least recently; False: none but those that run.

        Its volumes can then be deleted. Its client opens it again with its next run.
        """
        with self._lock:
            for served in self._by_age():
                if not served.runs:
                    self.close(served.name)
                    return True
        return False

    def expire(self) -> None:
        """Close the sessions that were not used for `Limits.idle`."""
        with self._lock:
            before = self._clock() - self._limits.idle
            old = [s.name for s in self._sessions.values() if not s.runs and s.used < before]
            for name in old:
                self.close(name)

    def run(self, served: Served, request: RunRequest) -> Iterator[Any]:
        """The events of a run, the last one `Outcome`; loads what is not in memory."""
        if served.session is None:
            yield Progress(0, 0, "loading the model")
            self._load(served)
        session = served.session
        assert session is not None
        self._share_features(served)
        try:
            for event in _events(session, request):
                if isinstance(event, Finished | Computed):
                    result = event.prediction if isinstance(event, Finished) else event.value
                    yield Outcome(result, served.kept)
                else:
                    yield event
        finally:
            if session.device != served.device:  # for lack of memory: for this run alone
                self._unload_model(served.request.model)

    # -- memory ----------------------------------------------------------------------------------

    def _load(self, served: Served) -> None:
        model = self._shelf.model(served.request.model)
        with self._lock:
            for other in self._by_age():
                if self._loaded_bytes() + served.cost <= self._limits.memory:
                    break
                other.session = None
        case = case_of(served.request, model.card.task, self._volumes)
        request = served.request
        if request.precision == "auto":
            request = request.model_copy(update={"precision": self._precision})
        served.session = session_of(model, case, request, self._device, self._most_kept())
        served.device = served.session.device

    def _loaded_bytes(self) -> int:
        return sum(s.cost for s in self._sessions.values() if s.session is not None)

    def _by_age(self) -> list[Served]:
        return sorted(self._sessions.values(), key=lambda served: served.used)

    def _most_kept(self) -> int:
        """Bytes of features of one session: half of all, so that a second user keeps some."""
        if self._budget is None:
            from shaspec.inference.memory import choose_device, feature_budget

            self._budget = feature_budget(choose_device(self._device))
        return self._budget // 2

    def _share_features(self, served: Served) -> None:
        """Free the features of other sessions until they take half of the memory for features."""
        with self._lock:
            others = [s for s in self._by_age() if s is not served and s.session is not None]
        total = sum(s.session.kept_bytes for s in others if s.session)
        for other in others:
            if other.session is None or total <= self._most_kept():
                continue
            total -= other.session.kept_bytes
            other.session.release()

    def _unload_model(self, name: str) -> None:
        """Its network was moved to the CPU, which its other sessions do not know."""
        self._shelf.forget(name)
        with self._lock:
            for served in self._sessions.values():
                if served.request.model == name:
                    served.session = None

    def _make_place(self) -> None:
        if len(self._sessions) < self._limits.sessions:
            return
        if not self.give_way():
            raise RefusedError(503, "all sessions of the server are in use: try again in a minute")

    def _free(self, served: Served) -> None:
        served.session = None
        self._volumes.let_go(served.digests, served.used)


def _events(
    session: InferenceSession | ClassificationSession, request: RunRequest
) -> Iterator[Any]:
    if request.kind == "predict":
        options: dict[str, Any] = {"probabilities": True} if request.probabilities else {}
        return session.predict(request.present, **options)
    if request.kind == "untrained" and hasattr(session, "untrained_features"):
        return session.untrained_features(request.present, request.seed)
    return session.features(request.present)  # a classification model says that it has none
