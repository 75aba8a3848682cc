"""A server on a real socket of this machine, in a thread of the test, and models for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from shaspec.remote.server import RemoteServer
from shaspec.server.app import Service
from shaspec.server.limits import Limits
from shaspec.server.run import address_of, listen, serve
from shaspec.server.sessions import Sessions
from shaspec.server.shelf import Shelf
from shaspec.server.volumes import Volumes
from shaspec.server.worker import Worker

TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    service: Service
    host: str
    """Address and port."""

    @property
    def address(self) -> str:
        """With the token, for a client."""
        return f"http://{TOKEN}@{self.host}"

    def connect(self) -> RemoteServer:
        """A client."""
        return RemoteServer(self.address)


def make_service(
    folders: Sequence[Path], clock: Callable[[], float] = time.monotonic, **limits: Any
) -> Service:
    """The parts of a server on the CPU with small bounds."""
    bounds = Limits(**{"features": 200_000_000, "chunk": 20_000, "stall": 5.0} | limits)
    volumes = Volumes(bounds, clock=clock)
    shelf = Shelf(folders, bundled=False)
    sessions = Sessions(shelf, volumes, bounds, device="cpu", precision="float32", clock=clock)
    return Service(shelf, volumes, sessions, Worker(bounds.jobs), bounds)


@contextmanager
def running(service: Service, port: int = 0) -> Iterator[Running]:
    """Serve within a block, on 127.0.0.1 alone."""
    bound = listen("127.0.0.1", port)
    servers: list[uvicorn.Server] = []
    thread = threading.Thread(target=serve, args=(service, [TOKEN], bound, servers.append))
    thread.start()
    try:
        until(lambda: bool(servers) and servers[0].started)
        yield Running(service, address_of(bound))
    finally:
        servers[0].should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds; fails if that takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
