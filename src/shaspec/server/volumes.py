"""Uploaded volumes, by the sha256 of their compressed bytes.

A volume lies in a file without a name, which the system deletes with this process, however that
ends. So no path is ever made from what a client sends, and nothing of a patient stays behind.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from shaspec.server.limits import MB, Limits
from shaspec.server.refusals import RefusedError

FRESH = 300.0
"""Seconds for which an uploaded volume waits for its session."""


@dataclass
class _Volume:
    total: int  # bytes
    file: IO[bytes]
    used: float  # when, in seconds
    arrived: int = 0
    hash: Any = field(default_factory=hashlib.sha256)
    holders: int = 0  # sessions
    was_held: bool = False

    @property
    def complete(self) -> bool:
        return self.arrived == self.total


class Volumes:
    """The store of all sessions; safe to use from several threads.

    Args:
        limits: its bounds.
        folder: for the nameless files; None: that of the system for temporary files.
        clock: seconds.
    """

    def __init__(
        self,
        limits: Limits,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits, self._folder, self._clock = limits, folder, clock
        self._volumes: dict[str, _Volume] = {}
        self._lock = threading.RLock()

    @property
    def reserved(self) -> int:
        """Bytes that the volumes take, or will take when they are complete."""
        with self._lock:
            return sum(volume.total for volume in self._volumes.values())

    def arrived(self, digest: str) -> tuple[int, int] | None:
        """Bytes that have arrived, and of the whole volume; None: it is unknown."""
        with self._lock:
            volume = self._volumes.get(digest)
            if volume is None:
                return None
            volume.used = self._clock()
            return volume.arrived, volume.total

    def append(self, digest: str, offset: int, total: int, data: bytes) -> int:
        """Add a part to a volume.

        Args:
            digest: sha256 of the whole, in hexadecimal digits.
            offset: where the part begins: after the bytes that have arrived.
            total: bytes of the whole.
            data: the part.

        Returns:
            Bytes that have arrived.

        Raises:
            RefusedError: for a part that does not follow, a wrong hash, and a full disk.
        """
        with self._lock:
            volume = self._volumes.get(digest) or self._begin(digest, total)
            volume.used = self._clock()
            if offset != volume.arrived or total != volume.total:
                raise RefusedError(
                    409,
                    f"{volume.arrived} of {volume.total} bytes have arrived: continue from there",
                    offset=volume.arrived,
                )
            if offset + len(data) > total:
                raise RefusedError(422, f"the part ends behind the {total} bytes of the volume")
            try:
                volume.file.seek(offset)
                volume.file.write(data)
                volume.file.flush()
            except OSError as error:
                self._delete(digest)
                raise RefusedError(
                    507,
                    "the disk of the server is full: tell its administrator, or try later",
                ) from error
            volume.hash.update(data)
            volume.arrived += len(data)
            if volume.complete and volume.hash.hexdigest() != digest:
                self._delete(digest)
                raise RefusedError(422, "the volume was damaged on its way: upload it again")
            return volume.arrived

    def missing(self, digests: Iterable[str]) -> list[str]:
        """The uploads that are not complete."""
        with self._lock:
            held = self._volumes
            return [d for d in dict.fromkeys(digests) if d not in held or not held[d].complete]

    def hold(self, digests: Collection[str]) -> None:
        """Keep volumes for a session.

        Raises:
            RefusedError: with those that have to be uploaded first.
        """
        with self._lock:
            if missing := self.missing(digests):
                raise RefusedError(
                    409, f"{len(missing)} volumes have to be uploaded first", missing=missing
                )
            for digest in set(digests):
                self._volumes[digest].holders += 1
                self._volumes[digest].was_held = True

    def let_go(self, digests: Collection[str], used: float) -> None:
        """End `hold`; the volumes are deleted when nobody has used them for a while.

        Args:
            digests: the volumes.
            used: when the session used them last, in seconds.
        """
        with self._lock:
            for digest in set(digests):
                volume = self._volumes[digest]
                volume.holders -= 1
                volume.used = max(volume.used, used)

    def read(self, digest: str) -> bytes:
        """The compressed bytes of a volume that is held."""
        with self._lock:
            file = self._volumes[digest].file
            file.seek(0)
            return file.read()

    def expire(self) -> None:
        """Delete volumes that no session holds and nobody has used for `Limits.idle`."""
        with self._lock:
            before = self._clock() - self._limits.idle
            for digest in [d for d, v in self._volumes.items() if not v.holders]:
                if self._volumes[digest].used < before:
                    self._delete(digest)

    def close(self) -> None:
        """Delete all volumes."""
        with self._lock:
            for digest in list(self._volumes):
                self._delete(digest)

    def _begin(self, digest: str, total: int) -> _Volume:
        if not 1 <= total <= min(self._limits.case, self._limits.disk):
            most = min(self._limits.case, self._limits.disk) // MB
            raise RefusedError(413, f"a volume of {total} bytes: this server takes 1 to {most} MB")
        self._make_room(total)
        try:
            file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by _delete
        except OSError as error:
            raise RefusedError(
                507, "the server cannot write to its disk: tell its administrator"
            ) from error
        volume = self._volumes[digest] = _Volume(total, file, self._clock())
        return volume

    def _make_room(self, total: int) -> None:
        """Delete the volumes that were used least recently, of those that no session holds.

        What was uploaded just now waits for its session: otherwise users whose cases do not fit
        together would delete each other's volumes in turn.
        """
        before = self._clock() - FRESH
        free = [
            digest
            for digest, v in self._volumes.items()
            if v.complete and not v.holders and (v.was_held or v.used < before)
        ]
        for digest in sorted(free, key=lambda d: self._volumes[d].used):
            if self._has_room(total):
                return
            self._delete(digest)
        if not self._has_room(total):
            raise RefusedError(
                507, "the server is full of the cases of other users: try again in some minutes"
            )

    def _has_room(self, total: int) -> bool:
        few = len(self._volumes) < self._limits.volumes
        return few and self.reserved + total <= self._limits.disk

    def _delete(self, digest: str) -> None:
        self._volumes.pop(digest).file.close()
