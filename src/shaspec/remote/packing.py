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
"""Of the compression: higher ones take longer than a local network gains."""
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
    try:
        limit = {int(zstd.DecompressionParameter.window_log_max): WINDOW}
        decompressor = zstd.ZstdDecompressor(options=limit)
        raw = decompressor.decompress(data, facts.nbytes + 1)
    except zstd.ZstdError as error:
        raise InputError(f"the bytes of an array cannot be decompressed ({error})") from error
    if len(raw) != facts.nbytes or not decompressor.eof or decompressor.unused_data:
        raise InputError(
            f"the bytes of an array do not hold {facts.nbytes} bytes, as its shape "
            f"{facts.shape} and type {facts.dtype} need"
        )
    stored = np.dtype(facts.dtype)
    if stored == np.bool_ and raw.translate(None, b"\0\1"):
        raise InputError("the bytes of an array of true and false hold other values")
    return np.frombuffer(raw, stored).reshape(facts.shape).astype(stored.newbyteorder("="))
