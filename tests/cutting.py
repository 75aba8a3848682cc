"""A network between client and server that breaks: connections end after some bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Cutter:
    """Passes bytes on; each of the next connections ends after so many bytes of the client."""

    host: str
    """Address and port of the server."""
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next connections end; later ones do not."""
    sent: int = 0
    """Bytes of the client that reached the server."""
    address: str = ""
    """Of this network, for the client."""

    def serve(self, listener: socket.socket) -> None:
        """Pass connections on until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                most = self.cuts.pop(0) if self.cuts else None
                threading.Thread(target=self._pass, args=(client, most), daemon=True).start()

    def _pass(self, client: socket.socket, most: int | None) -> None:
        host, port = self.host.split(":")
        server = socket.create_connection((host, int(port)))
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        left = most
        with suppress(OSError), client, server:
            while data := client.recv(4096 if left is None else min(4096, left)):
                server.sendall(data)
                self.sent += len(data)
                left = None if left is None else left - len(data)
                if left == 0:
                    client.shutdown(socket.SHUT_RDWR)
                    return
            server.shutdown(socket.SHUT_WR)
            back.join(20)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(host: str, *cuts: int) -> Iterator[Cutter]:
    """A network to ``host`` within a block, on 127.0.0.1 alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        name, port = listener.getsockname()
        cutter = Cutter(host, list(cuts), address=f"{name}:{port}")
        thread = threading.Thread(target=cutter.serve, args=(listener,))
        thread.start()
        try:
            yield cutter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)
