"""The engine of a panel: this computer, or the server of the preference, also when that changes.

A panel never waits for a server. What `ChosenEngine.models` and `ChosenEngine.card` tell is what
the server said last; it is asked in a worker when the panel opens, when the preference changes, and
then from time to time. So a server that stops or comes back is noticed, and the panel says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec import settings
from napari_shaspec.engine import Engine, LocalEngine, Session, remote_engine
from napari_shaspec.jobs.runner import Handlers, Runner, after
from napari_shaspec.jobs.state import Level
from shaspec.case import Case
from shaspec.errors import ServerError

if TYPE_CHECKING:
    from napari_shaspec.settings import InferenceSettings
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.inference.events import Computed, Notice, Progress
    from shaspec.models.card import Card

ELSEWHERE = "Server {} has no model {}: choose another one. What is open stays as it is."
SETTLE = 1.0
"""Seconds without a change of the address, which is typed letter by letter, before it is used."""
WATCH = 30.0
"""Seconds between questions to a server that answers."""
AGAIN = 10.0
"""Seconds between questions to one that does not."""
BUSY = 1.0
"""Seconds after which a panel with a running job is looked at again."""


@dataclass(frozen=True)
class Hears:
    """What a panel does with news of its engine; called in the thread of the interface."""

    listed: Callable[[], None]
    """The models may be other ones."""
    told: Callable[[str, Level], None]
    """A sentence for the user."""
    busy: Callable[[], bool]
    """Whether a job runs; news wait until it has ended."""


class ChosenEngine:
    """An `Engine` that stands for the one in use.

    Args:
        given: use this one, whatever the preference says; None: follow the preference.
        run: starts the worker that asks a server.
        hears: the panel.
    """

    def __init__(self, given: Engine | None, run: Runner, hears: Hears) -> None:
        self._engine = given or remote_engine() or LocalEngine()
        self._run, self._hears = run, hears
        self._closed = self._asking = False
        self._lost = False  # the server did not answer the last question
        self._round = 0  # a timer of an earlier round does nothing
        self._listed_at = ""  # where the listed models are
        self._unfollow = lambda: None
        if given is None:
            self._unfollow = settings.follow("server", ("address",), self._on_preference)

    @property
    def where(self) -> str:
        """Address of the server, without the token; empty: this computer."""
        return self._engine.where

    def models(self) -> list[str]:
        return self._engine.models()

    def card(self, model: str) -> Card:
        return self._engine.card(model)

    def session(self, model: str, case: Case, settings: InferenceSettings) -> Session:
        return self._engine.session(model, case, settings)

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        return self._engine.cohort(model, folder, settings)

    def refresh(self) -> None:
        self._engine.refresh()

    def moved(self) -> bool:
        """Whether the models are those of another place than at the last call."""
        before, self._listed_at = self._listed_at, self.where
        return before != self.where

    def missing(self, chosen: Sequence[str]) -> str:
        """A warning of chosen models that the server does not have; empty: there is none."""
        models = self.models()
        gone = ", ".join(Path(model).name for model in chosen if model not in models)
        return ELSEWHERE.format(self.where, gone) if self.where and gone else ""

    def close(self) -> None:
        """Ask no more."""
        self._closed = True
        self._unfollow()

    def ask(self) -> None:
        """Ask for the models: of this computer at once, of a server in a worker."""
        self._round += 1
        if not self.where:
            self._hears.listed()
        elif not self._asking:
            self._asking = True
            self._start(self._engine)

    def doubt(self, error: Exception) -> None:
        """A job failed: if a server is the reason, it is asked whether it still answers."""
        if isinstance(error, ServerError) and self.where:
            self._lost = True  # the job has said so
            self._next(AGAIN)

    def _start(self, engine: Engine) -> None:
        failures: list[Exception] = []

        def job() -> Iterator[None]:
            engine.refresh()
            yield

        def ended() -> None:
            self._asking = False
            if not self._closed and engine is not self._engine:
                self.ask()  # the preference has changed meanwhile
            elif not self._closed:
                self._when_free(lambda: self._answered(failures[0] if failures else None))

        handlers: Handlers[None] = Handlers(lambda _: None, failures.append, ended)
        self._run(job, handlers, threading.Event())  # the question has a time limit of its own

    def _answered(self, error: Exception | None) -> None:
        before, self._lost = self._lost, error is not None
        if error is None:
            self._hears.listed()
            if before:
                self._hears.told(f"Server {self.where} answers again.", "info")
            self._next(WATCH)
            return
        if not before:
            again = isinstance(error, ServerError) and self._next(AGAIN)
            said = " It is asked again every 10 seconds; what is open stays." if again else ""
            self._hears.told(f"{error}.{said}", "error")
        elif isinstance(error, ServerError):
            self._next(AGAIN)

    def _on_preference(self) -> None:
        self._round += 1
        number = self._round

        def settled() -> None:
            if number == self._round and not self._closed:
                self._when_free(self._change)

        if not after(SETTLE, settled):
            settled()

    def _change(self) -> None:
        """Use the engine of the preference."""
        chosen = remote_engine() or LocalEngine()
        if chosen.where == self.where and not self._lost:
            self._next(WATCH)
            return
        self._engine, self._lost = chosen, False
        place = f"on server {self.where}" if self.where else "on this computer"
        self._hears.told(f"The networks now run {place}.", "info")
        self.ask()

    def _when_free(self, call: Callable[[], None]) -> None:
        """Call when no job runs."""

        def again() -> None:
            if not self._closed:
                self._when_free(call)

        if not self._hears.busy() or not after(BUSY, again):
            call()

    def _next(self, seconds: float) -> bool:
        """Ask again later; False: nothing here can wait, e.g. in a script."""
        self._round += 1
        number = self._round

        def ask() -> None:
            if number == self._round and not self._closed:
                self.ask()

        return after(seconds, ask)
