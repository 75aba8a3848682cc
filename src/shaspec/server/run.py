"""Starts a server with uvicorn: its socket, its address, its end."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import uvicorn

from shaspec.errors import InputError
from shaspec.server.app import Service, make_app

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every network of this machine -> the one to reach it from itself."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens: its port is known, and clients wait, before the server starts.

    Args:
        host: name or address of a network interface of this machine.
        port: 0: any free one.

    Returns:
        The socket.

    Raises:
        InputError: if the address is not one of this machine, or is in use.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}, port {port} ({error.strerror or error}): choose another "
            "--port, or an address of this computer for --host"
        ) from error


def address_of(bound: socket.socket) -> str:
    """The address of a server for a client on the same machine, e.g. ``127.0.0.1:8642``."""
    host, port = bound.getsockname()[:2]
    host = ANY.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_local(bound: socket.socket) -> bool:
    """Whether only programs on this machine reach a server."""
    return ipaddress.ip_address(bound.getsockname()[0]).is_loopback


def serve(
    service: Service,
    tokens: Sequence[str],
    bound: socket.socket,
    started: Callable[[uvicorn.Server], None] | None = None,
) -> None:
    """Answer requests until the process is told to end; then all data is deleted.

    Args:
        service: the parts of the server.
        tokens: a request needs one of them.
        bound: from `listen`.
        started: called with the server before it answers, e.g. to be able to end it.
    """
    config = uvicorn.Config(
        make_app(service, tokens),
        log_level="warning",
        access_log=False,  # names of sessions are secrets
        server_header=False,
        ws="none",
        lifespan="on",
        limit_concurrency=service.limits.connections,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    if started is not None:
        started(server)
    server.run(sockets=[bound])
