"""Read plain or compressed files within size limits.

Decompression stops at the size given in the header, and checksums are verified, so decompression
bombs, truncated downloads and flipped bits raise an error that names the file.
"""

from __future__ import annotations

import bz2
import lzma
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import deflate
import numpy as np
from isal import igzip_lib, isal_zlib

from shaspec.errors import InputError
from shaspec.files.reading import open_regular, reason
from shaspec.io.header import LIMIT
from shaspec.zstandard import zstd

SLACK = 1024 * 1024  # bytes that may follow the last voxel
PEEK = 64 * 1024  # bytes of a plain or gzip file that contain its header
BLOCKS = 2 * 1024 * 1024  # the same for bzip2, xz and Zstandard, which compress whole blocks
MEMORY = 256 * 1024 * 1024  # bytes that xz may use for its dictionary
PIECE = 256 * 1024  # bytes decompressed at once; they stay in the cache of the processor
START = 64 * 1024 * 1024  # bytes for which there is room at once
Bytes = bytes | memoryview


class Decompressor(Protocol):
    """The common interface of bz2, lzma, isal and zstd."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: Bytes, max_length: int, /) -> bytes: ...


@dataclass(frozen=True)
class Codec:
    """A compression format: its magic number and its decompressor."""

    magic: bytes
    start: Callable[[], Decompressor]


GZIP = Codec(b"\x1f\x8b", lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))
ZLIB = Codec(b"", lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_ZLIB))
BZIP2 = Codec(b"BZh", bz2.BZ2Decompressor)
XZ = Codec(b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY))
ZSTD = Codec(b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor)
BY_MAGIC = (GZIP, BZIP2, XZ, ZSTD)
BROKEN = (isal_zlib.error, zstd.ZstdError, lzma.LZMAError, EOFError, OSError, ValueError)


def codec_of(data: Bytes) -> Codec | None:
    """The compression of ``data``, by its first bytes; None if it is not compressed."""
    return next((codec for codec in BY_MAGIC if data[: len(codec.magic)] == codec.magic), None)


def first_bytes(path: Path, size: int) -> bytes:
    """The first ``size`` bytes of a file, decompressed; fewer if it is shorter."""
    data = load(path, PEEK)
    codec = codec_of(data)
    if codec is None:
        return data[:size]
    if codec is not GZIP:
        data = load(path, BLOCKS)
    return unpack(data, codec, size, path).tobytes()


def all_bytes(path: Path, end: int) -> Bytes:
    """The bytes of a file, decompressed, at least up to ``end``; `InputError` if it is shorter."""
    data: Bytes = load(path, LIMIT + SLACK)
    codec = codec_of(data)
    if codec is not None:
        data = unpack(data, codec, end, path, whole=True)
    if len(data) < end:
        raise InputError(
            f"{path}: truncated: only {len(data)} of {end} bytes; copy or download it again"
        )
    return data


def load(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a file as stored; refuses larger files if all are needed."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if limit > LIMIT and size > limit:
            raise InputError(f"{path}: larger than 2 GiB; crop or downsample the volume")
        try:
            return file.read(min(limit, size))  # Python allocates the requested size
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({reason(error)})") from error


def unpack(data: Bytes, codec: Codec, size: int, path: Path, *, whole: bool = False) -> memoryview:
    """The first ``size`` bytes of compressed ``data``, or fewer if it is shorter.

    ``whole`` requires the end of the stream and a valid checksum. A file may consist of several
    streams, as written by block-wise compressors.
    """
    if bytes(data[: len(codec.magic)]) != codec.magic:
        raise InputError(f"{path}: damaged: not compressed as stated in its header; copy it again")
    if whole and (unpacked := _at_once(data, codec, size)) is not None:
        return memoryview(unpacked)
    out = _Growing(size)
    try:
        while data and bytes(data[: len(codec.magic)]) == codec.magic and out.room > 0:
            stream = codec.start()
            out.fill(stream, data)
            if whole and not stream.eof:
                # Either voxels are missing, or there are more than the header states.
                rest = stream.decompress(b"", SLACK) if out.room == 0 else b""
                if not stream.eof:
                    contents = (
                        "truncated" if len(rest) < SLACK else "more data than stated in its header"
                    )
                    raise InputError(f"{path}: {contents}; copy or download it again")
            data = stream.unused_data if stream.eof and codec.magic else b""
    except BROKEN as error:  # type: ignore[misc]  # the stub of isal is wrong
        raise InputError(
            f"{path}: damaged: the compressed data cannot be read ({error}); copy or download it "
            "again"
        ) from error
    return out.bytes()


def _at_once(data: Bytes, codec: Codec, size: int) -> bytearray | None:
    """All ``size`` bytes of gzip or zlib ``data`` in one call, in two thirds of the time.

    None where `unpack` has to go piece by piece, which finds what is wrong: other formats, several
    streams, damage, and another size than ``size``.
    """
    stated = int.from_bytes(data[-4:], "little")  # what a gzip file says of its last stream
    if codec is not ZLIB and (codec is not GZIP or stated != size % 2**32):
        return None
    try:
        unpack_all = deflate.gzip_decompress if codec is GZIP else deflate.zlib_decompress
        unpacked = unpack_all(data, size)
    except (deflate.DeflateError, MemoryError):
        return None
    return unpacked if len(unpacked) == size else None


class _Growing:
    """Decompressed bytes, at most ``size``.

    They are decompressed piece by piece into an array of numpy: for large arrays it asks for large
    pages of memory, without which as much time is spent on new pages as on the decompression.
    """

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0
        # A header may state more than the file contains.
        self.array = np.empty(min(size, START), np.uint8)

    @property
    def room(self) -> int:
        return self.size - self.used

    def fill(self, stream: Decompressor, data: Bytes) -> None:
        """Decompress ``data`` until its stream ends, or needs more of it, or nothing has room."""
        piece = stream.decompress(data, min(PIECE, self.room))
        while True:
            end = self.used + len(piece)
            if end > len(self.array):
                self.array.resize(min(self.size, max(end, 2 * len(self.array))), refcheck=False)
            self.array[self.used : end] = np.frombuffer(piece, np.uint8)
            self.used = end
            if stream.eof or not piece or not self.room:
                return
            piece = stream.decompress(b"", min(PIECE, self.room))

    def bytes(self) -> memoryview:
        return self.array[: self.used].data
