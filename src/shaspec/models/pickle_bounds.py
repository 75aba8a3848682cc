"""Bounds for reading pickles: a few bytes must not take gigabytes or hours."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

MOST_BYTES = 12 * 1024**2
"""Largest pickle without the values of tensors; in memory it takes up to 100 times as much."""
NESTED = (tuple, frozenset)


class InPieces:
    """A file that does not allocate memory for the full length that a damaged file claims.

    It ends after `MOST_BYTES`.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.left = file, MOST_BYTES

    def read(self, n: int) -> bytes:
        """Up to ``n`` bytes."""
        pieces = []
        while n > 0 and (piece := self.file.read(min(n, 1 << 20, self._room()))):
            pieces.append(piece)
            n -= len(piece)
            self.left -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        """Up to the end of the line."""
        line = self.file.readline(self._room())
        self.left -= len(line)
        return line

    def _room(self) -> int:
        if self.left <= 0:
            raise pickle.UnpicklingError(f"more than {MOST_BYTES >> 20} MiB beside the tensors")
        return self.left

    def readinto(self, buffer: bytearray) -> int:
        """Into the start of ``buffer``."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def check_keys(keys: Iterable[Any]) -> None:
    """Refuse keys that take very long to hash: tuples of the same tuples, forty levels deep."""
    for key in keys:
        if type(key) in NESTED and any(type(part) in NESTED for part in key):
            raise pickle.UnpicklingError("a key of a dictionary or set is a tuple of tuples")


def _byte_array(unpickler: Any) -> None:
    """As in the standard library, but the bytes are read before memory is allocated."""
    (length,) = struct.unpack("<Q", unpickler.read(8))
    unpickler.append(bytearray(unpickler.read(length)))


def _set_item(unpickler: Any) -> None:
    check_keys(unpickler.stack[-2:-1])
    pickle._Unpickler.load_setitem(unpickler)  # type: ignore[attr-defined]


def _set_items(unpickler: Any) -> None:
    check_keys(unpickler.stack[::2])
    pickle._Unpickler.load_setitems(unpickler)  # type: ignore[attr-defined]


def _make_dict(unpickler: Any) -> None:
    check_keys(unpickler.stack[::2])
    pickle._Unpickler.load_dict(unpickler)  # type: ignore[attr-defined]


def _add_items(unpickler: Any) -> None:
    check_keys(unpickler.stack)
    pickle._Unpickler.load_additems(unpickler)  # type: ignore[attr-defined]


def _frozen_set(unpickler: Any) -> None:
    check_keys(unpickler.stack)
    pickle._Unpickler.load_frozenset(unpickler)  # type: ignore[attr-defined]


BOUNDED: Mapping[int, Callable[[Any], None]] = {
    pickle.BYTEARRAY8[0]: _byte_array,
    pickle.SETITEM[0]: _set_item,
    pickle.SETITEMS[0]: _set_items,
    pickle.DICT[0]: _make_dict,
    pickle.ADDITEMS[0]: _add_items,
    pickle.FROZENSET[0]: _frozen_set,
}
"""Operations of the standard library's unpickler, by their codes, that look first."""
