"""Arrays as compressed bytes, with their type and shape stated beforehand."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shaspec.errors import InputError
from shaspec.task_parts import Frozen
from shaspec.zstandard import zstd

LEVEL = 1
"""Compression level: higher levels take longer than a local network gains."""
PART = 2**20
"""Bytes that are decompressed at once."""
WINDOW = 27
"""Largest window of the compression as a power of 2 (128 MiB): bounds the memory for unpacking."""

DType = Literal["|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8"]
Length = Annotated[int, Field(ge=1, le=2**24)]


class ArrayFacts(Frozen):
    """Type and shape of an array."""

    dtype: DType
    """As numpy writes it, little-endian."""
    shape: Annotated[tuple[Length, ...], Field(min_length=1, max_length=5)]
    """Length of each axis."""

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def pack(array: npt.NDArray[Any]) -> tuple[ArrayFacts, bytes]:
    """Compress an array; the same values give the same bytes.

    Args:
        array: of numbers, in any memory layout and byte order.

    Returns:
        Its type and shape, and the compressed bytes.

    Raises:
        InputError: for an array of something else than numbers, or an empty one.
    """
    try:
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        facts = ArrayFacts.model_validate({"dtype": little.dtype.str, "shape": array.shape})
    except ValueError as error:
        raise InputError(
            f"an array of type {array.dtype} and shape {array.shape} cannot be sent to a server: "
            "convert it to float32"
        ) from error
    return facts, zstd.compress(little.reshape(-1).view(np.uint8).data, LEVEL)


def unpack(facts: ArrayFacts, data: bytes) -> npt.NDArray[Any]:
    """The array of `pack`; never takes more memory than ``facts`` state.

    Args:
        facts: type and shape.
        data: compressed bytes.

    Returns:
        A new array in the byte order of this machine.

    Raises:
        InputError: if the bytes do not hold exactly this array.
    """
    raw = _decompressed(facts, data)
    stored = np.dtype(facts.dtype)
    if stored == np.bool_ and (raw > 1).any():
        raise InputError("the bytes of an array of true and false hold other values")
    return raw.view(stored).reshape(facts.shape).astype(stored.newbyteorder("="), copy=False)


def _decompressed(facts: ArrayFacts, data: bytes) -> npt.NDArray[np.uint8]:
    """The bytes of an array, part by part into their place: the system gives memory once."""
    raw, filled, wrong = np.empty(facts.nbytes, np.uint8), 0, False
    limit = {int(zstd.DecompressionParameter.window_log_max): WINDOW}
    decompressor = zstd.ZstdDecompressor(options=limit)
    try:
        while not (decompressor.eof or wrong):
            part = decompressor.decompress(b"" if filled else data, PART)
            end = filled + len(part)
            wrong = not part or end > facts.nbytes
            if not wrong:
                raw[filled:end] = np.frombuffer(part, np.uint8)
            filled = end
    except zstd.ZstdError as error:
        raise InputError(f"the bytes of an array cannot be decompressed ({error})") from error
    if wrong or filled != facts.nbytes or decompressor.unused_data:
        raise InputError(
            f"the bytes of an array do not hold {facts.nbytes} bytes, as its shape "
            f"{facts.shape} and type {facts.dtype} need"
        )
    return raw
