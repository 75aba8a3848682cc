"""The limits of a server: what clients can make it hold, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1000**3
MB = 1000**2


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on memory, disk, counts and times; a request beyond them gets a clear refusal."""

    disk: int = 20 * GB
    """Bytes of uploaded volumes, compressed."""
    memory: int = 16 * GB
    """Bytes of the cases that are open, uncompressed."""
    features: int | None = None
    """Bytes of kept features; None: a quarter of the free memory of the device."""
    case: int = 4 * GB
    """Bytes of one case, uncompressed."""
    sessions: int = 64
    """Sessions at a time; the one that was not used for the longest time gives way."""
    jobs: int = 32
    """Runs that wait, run or send their result."""
    volumes: int = 512
    """Uploaded volumes."""
    chunk: int = 4 * MB
    """Bytes of one part of an upload."""
    body: int = 256 * 1000
    """Bytes of any other request."""
    idle: float = 1800.0
    """Seconds after which what nobody used is deleted."""
    stall: float = 60.0
    """Seconds that a client may take to send or receive a part."""
    connections: int = 128
    """Open connections."""
