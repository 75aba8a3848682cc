"""Zip files and NumPy archives from outside: bounded, and every error names the file."""

from __future__ import annotations

import io
import lzma
import math
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.files.reading import open_regular, reason

DAMAGED = (
    BadZipFile, EOFError, LookupError, NotImplementedError, OSError, OverflowError, ValueError,
    lzma.LZMAError, struct.error, zlib.error,
)  # fmt: skip
"""What `zipfile` raises for a damaged file: half of its errors are those of its parts."""
ENDING = ".npy"


@contextmanager
def open_zip(path: Path) -> Iterator[ZipFile]:
    """Open a zip file and read from it within the block.

    Args:
        path: a regular file.

    Yields:
        The archive. Its members can be as large as they like: read a bounded part.

    Raises:
        InputError: if the file cannot be read, or the archive or a member is damaged or encrypted.
    """
    with open_regular(path) as file:
        try:
            with ZipFile(file) as archive:
                yield archive
        except DAMAGED as error:
            why = reason(error) or type(error).__name__
            raise InputError(f"{path}: cannot be unpacked ({why}); unpack it") from error
        except RuntimeError as error:  # how zipfile reports a password
            text = f"{path}: is encrypted; unpack it, then give the folder"
            raise InputError(text) from error


def read_arrays(path: Path, limit: int, names: Iterable[str] = ()) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a NumPy archive (``.npz``), all of them numbers.

    Args:
        path: the file.
        limit: bytes that all arrays may take, unpacked.
        names: the arrays to read; empty: all.

    Returns:
        Name -> array.

    Raises:
        InputError: if the file cannot be read, is not such an archive, lacks an array, or its
            arrays are larger.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    left = limit
    with open_zip(path) as archive:
        if min((entry.header_offset for entry in archive.infolist()), default=0) > 0:
            raise InputError(f"{path}: is damaged: other bytes come before its arrays")
        for name in [f"{n}{ENDING}" for n in names] or archive.namelist():
            with archive.open(name) as member:
                data = member.read(left + 1)
            left -= len(data)
            if left < 0:
                raise InputError(f"{path}: its arrays take more than {limit / 1024**2:,.0f} MiB")
            arrays[name.removesuffix(ENDING)] = _array(data)
    return arrays


def _array(data: bytes) -> npt.NDArray[Any]:
    """An array from the bytes of ``.npy``; raises ``ValueError``.

    numpy allocates what the header announces before it reads, so that is compared first.
    """
    file = io.BytesIO(data)
    try:
        np.lib.format.read_magic(file)
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # those of the parser of Python, too
        raise ValueError(f"the header of an array ({type(error).__name__})") from error
    if dtype.hasobject or dtype.kind not in "biuf":
        raise ValueError(f"an array of {dtype}")
    values = data[file.tell() :]
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(values):
        raise ValueError(f"an array of the shape {shape} in {len(values)} bytes")
    flat: npt.NDArray[Any] = np.frombuffer(bytearray(values), dtype)
    return flat.reshape(shape, order="F" if by_column else "C")
