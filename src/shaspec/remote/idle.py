"""Connections that wait for the next request, so that it needs no handshake of TCP and TLS."""

from __future__ import annotations

import threading
import time
import weakref
from http.client import HTTPConnection

LONGEST = 10.0
"""Seconds that a connection waits; the server ends it after 15."""
MOST = 4
"""Connections that wait."""


class Idle:
    """Open connections to one server; any thread may take one. They are closed with this object."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, HTTPConnection]] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._waiting)

    def take(self, patience: float) -> HTTPConnection | None:
        """A connection that may still be open, limited to some seconds; None: there is none."""
        with self._lock:
            self._close_old()
            opened = self._waiting.pop()[1] if self._waiting else None
        if opened is not None and opened.sock is not None:
            opened.sock.settimeout(patience)
        return opened

    def put(self, opened: HTTPConnection) -> None:
        """Let a connection wait whose answer was read to its end."""
        with self._lock:
            self._close_old()
            self._waiting.append((time.monotonic(), opened))
            while len(self._waiting) > MOST:
                self._waiting.pop(0)[1].close()

    def _close_old(self) -> None:
        before = time.monotonic() - LONGEST
        while self._waiting and self._waiting[0][0] < before:
            self._waiting.pop(0)[1].close()


def _close(waiting: list[tuple[float, HTTPConnection]]) -> None:
    for _, opened in waiting:
        opened.close()
