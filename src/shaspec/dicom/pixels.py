"""Whether the pixels of an image can be used, as its header tells."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from shaspec.dicom.dataset import Opened

IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
UNCOMPRESSED = {IMPLICIT, "1.2.840.10008.1.2.1", BIG_ENDIAN}
STANDARD = "1.2.840.10008.1.2"
"""Begin of all transfer syntaxes of the standard; others are of manufacturers."""
LARGEST = 8192
"""Rows or columns of an image."""
GREY, INVERTED = "MONOCHROME2", "MONOCHROME1"
ELEMENT = {True: 8, False: 12}
"""Bytes of tag, type and length before the pixels, by whether the types are implicit."""


def pixel_problem(opened: Opened, rescale: tuple[Any, Any], frames: int) -> str:
    """Why the pixels of an image cannot be used.

    Args:
        opened: the header, read up to the pixels.
        rescale: slope and intercept; None if the header does not say.
        frames: number of frames.

    Returns:
        The reason, for a sentence about the series; empty if they can be used.
    """
    dataset = opened.dataset
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", IMPLICIT))
    if syntax in UNCOMPRESSED:
        bits = int(dataset.get("BitsAllocated") or 0) * int(dataset.get("SamplesPerPixel") or 1)
        problem = _wrong_size(opened, syntax, rows * columns * frames * bits // 8)
        if problem:
            return problem
    elif not syntax.startswith(STANDARD):
        return (
            f"its pixels are stored in a way of the manufacturer (transfer syntax {syntax}); "
            "export the series uncompressed"
        )
    if max(rows, columns) > LARGEST:
        return f"its images of {rows} x {columns} pixels are not plausible"
    colours = str(dataset.get("PhotometricInterpretation") or GREY).strip().upper()
    if colours == INVERTED:
        return f"its grey values are inverted ({INVERTED}); export the series as {GREY}"
    if colours != GREY:
        return f"its images are in colour ({colours}), so they have no intensities"
    if not all(value is None or np.isfinite(float(value)) for value in rescale):
        return "its rescale slope or intercept is not a number; export the series again"
    return ""


def _wrong_size(opened: Opened, syntax: str, needed: int) -> str:
    """Compare the bytes of uncompressed pixels with those that the header describes."""
    element = ELEMENT[syntax == IMPLICIT]
    if needed == 0 or opened.left < needed + element:
        return "a file is cut off before the end of its pixels; copy it again"
    order = ">" if syntax == BIG_ENDIAN else "<"
    length = struct.unpack(f"{order}I", opened.head[element - 4 : element])[0]
    if length > needed + 1:  # one byte makes the length even
        return "its images have more pixels than their headers say; export the series again"
    if length < needed:
        return "its images have fewer pixels than their headers say; export the series again"
    return ""
