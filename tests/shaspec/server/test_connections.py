"""Requests of one client share a connection, as long as it lasts."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from shaspec.case import Case
from shaspec.remote.connection import Connection
from tests.serving import Running

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other


def result(events: Any) -> Any:
    *_, event = events
    return event.prediction


def test_requests_share_a_connection_and_survive_its_end(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.connect()
    session = client.session("tiny-shaspec", small_case)
    opened: list[float] = []
    connect = Connection._open

    def counted(self: Connection, patience: float) -> Any:
        opened.append(patience)
        return connect(self, patience)

    monkeypatch.setattr(Connection, "_open", counted)
    for subset in (("T1",), ("T2",), ("T1", "T2")):
        result(session.predict(subset))
    assert opened == []  # the list of models has opened it
    for _, waiting in client.connection._idle._waiting:
        waiting.sock.shutdown(socket.SHUT_RDWR)  # as a server that has ended it
    assert result(session.predict(("T1",))).labels.any()
    assert len(opened) == 1
    events = session.predict(("FLAIR",))
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert result(session.predict(("T2",))).labels.any()
