"""Uploads volumes: compressed, only those that the server lacks, resumed where they broke off."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from shaspec.errors import ServerError
from shaspec.inference.events import Progress
from shaspec.remote.connection import Answer, Connection, LostError
from shaspec.remote.packing import pack
from shaspec.remote.wire import VolumeFacts

TRIES = 5
"""Lost connections in a row after which an upload gives up."""
DELETED = (
    "server {}: it deletes the volumes before it uses them, so its disk is too small for all cases "
    "that are open: try again in some minutes"
)
PAUSE = 0.5
"""Seconds before the second try; each later pause is twice as long."""


@dataclass(frozen=True, eq=False)
class Packed:
    """A volume as it is sent."""

    facts: VolumeFacts
    data: bytes


def packed(volume: npt.NDArray[Any]) -> Packed:
    """Compress a volume."""
    facts, data = pack(volume)
    digest = hashlib.sha256(data).hexdigest()
    return Packed(VolumeFacts(dtype=facts.dtype, shape=facts.shape, sha256=digest), data)


def upload(connection: Connection, volumes: Mapping[str, Packed], chunk: int) -> Iterator[Progress]:
    """Upload what the server does not have.

    Args:
        connection: to the server.
        volumes: by modality.
        chunk: bytes of a part.

    Yields:
        `Progress` in parts of all volumes.

    Raises:
        LostError: if the connection is lost several times in a row.
        ServerError: if the server refuses a volume.
    """
    total = sum(_parts(volume, chunk) for volume in volumes.values())
    done = 0
    for name, volume in volumes.items():
        for offset in _sent(connection, volume, chunk):
            yield Progress(done + offset // chunk, total, f"uploading {name}")
        done += _parts(volume, chunk)


def _parts(volume: Packed, chunk: int) -> int:
    return -(-len(volume.data) // chunk)


def _sent(connection: Connection, volume: Packed, chunk: int) -> Iterator[int]:
    """Send one volume; yields how many bytes have arrived, before each part."""
    failures, size = 0, len(volume.data)
    while True:
        try:
            offset = _arrived(connection, volume)
            while offset < size:
                yield offset
                before, offset = offset, _put(connection, volume, offset, chunk)
                if offset <= before:
                    raise _StuckError(f"server {connection.address} does not take the volume")
                failures = 0
            return
        except (LostError, _StuckError):
            failures += 1
            if failures >= TRIES:
                raise
            yield 0  # here a user can cancel
            time.sleep(PAUSE * 2 ** (failures - 1))


class _StuckError(ServerError):
    """The volume was damaged on its way, or somebody else uploads the same one."""


def _arrived(connection: Connection, volume: Packed) -> int:
    answer = connection.ask("HEAD", f"volumes/{volume.facts.sha256}", accept=(404,))
    return 0 if answer.status == 404 else _offset(answer, connection, len(volume.data))


def _put(connection: Connection, volume: Packed, offset: int, chunk: int) -> int:
    """Send one part; returns how many bytes have arrived."""
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(len(volume.data))}
    headers["Content-Type"] = "application/octet-stream"
    part = volume.data[offset : offset + chunk]
    path = f"volumes/{volume.facts.sha256}"
    answer = connection.ask("PUT", path, part, headers=headers, accept=(409, 422))
    if answer.status == 422:
        raise _StuckError(f"server {connection.address}: {answer.content.get('error')}")
    return _offset(answer, connection, len(volume.data))


def _offset(answer: Answer, connection: Connection, size: int) -> int:
    """How many bytes have arrived, as the server says; raises `ServerError` for another text."""
    text = answer.headers.get("upload-offset", "0")
    if not re.fullmatch("[0-9]{1,15}", text) or int(text) > size:
        raise ServerError(
            f"server {connection.address} does not say how much of a volume has arrived: it is "
            "another program, or has another version of shaspec"
        )
    return int(text)
