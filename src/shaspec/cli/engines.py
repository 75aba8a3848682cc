"""Where a command runs the network: on this computer, or on a server of `shaspec serve`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from shaspec.errors import InputError
from shaspec.inference.options import RunOptions
from shaspec.models.card import Card, load_card
from shaspec.remote.address import SERVER
from shaspec.remote.session import RemoteSession

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.inference.interface import AnySession

Server = Annotated[
    str,
    typer.Option(
        "--server",
        envvar=SERVER,
        help="Run on a server: the address that shaspec serve prints. Empty: on this computer.",
    ),
]


class Engine(Protocol):
    """Opens sessions of models by their names."""

    def card(self, model: str) -> Card:
        """The card of a model; raises `ShaspecError`."""

    def session(self, model: str, case: Case, run: RunOptions) -> AnySession:
        """A session of a model on a case; raises `ShaspecError`."""

    def end(self, session: AnySession) -> None:
        """Free what the session keeps."""


class Here:
    """The networks of this computer."""

    def card(self, model: str) -> Card:
        return load_card(model)

    def session(self, model: str, case: Case, run: RunOptions) -> AnySession:
        from shaspec.inference.classification import ClassificationSession
        from shaspec.models.weights import load_model

        loaded = load_model(model)
        if loaded.card.task.kind == "classification":
            return ClassificationSession(loaded, case, device=run.device, precision=run.precision)
        return run.session(loaded, case)

    def end(self, session: AnySession) -> None:
        session.release()


class OnServer:
    """The networks of a server; needs no torch here.

    Args:
        address: with the token.
    """

    def __init__(self, address: str) -> None:
        from shaspec.remote.server import RemoteServer

        self._server = RemoteServer(address)

    def card(self, model: str) -> Card:
        return self._server.card(model)

    def session(self, model: str, case: Case, run: RunOptions) -> AnySession:
        if run.device != "auto":
            raise InputError(
                f"--device {run.device}: the device is chosen on the server; leave out "
                "--device, or give --server '' to run on this computer"
            )
        options = {"window": run.window, "overlap": run.overlap, "precision": run.precision}
        return self._server.session(model, case, **options)

    def end(self, session: AnySession) -> None:
        session.release()
        if isinstance(session, RemoteSession):
            session.wait()  # or this process ends before the server knows


class Keeper(Protocol):
    """Keeps the session of one command for the next one."""

    def engine(self, server: str) -> Engine:
        """The engine of a command, with what the commands before have left."""


_keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def kept_by(keeper: Keeper) -> Iterator[None]:
    """Commands in this block take their engines from ``keeper``."""
    token = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(token)


def engine_of(server: str) -> Engine:
    """The engine of a command.

    Args:
        server: address of a server; empty: this computer.

    Raises:
        InputError: if the address cannot be used.
    """
    keeper = _keeper.get()
    return new_engine(server) if keeper is None else keeper.engine(server)


def new_engine(server: str) -> Engine:
    """An engine that nothing was run with; arguments and errors as of `engine_of`."""
    return OnServer(server) if server.strip() else Here()
