"""NRRD, ``.nrrd`` and ``.nhdr``: pynrrd parses the header fields, which are validated here.

Images and the segmentations of 3D Slicer are both read through `read_nrrd_header`. The fields are
those of the format's specification (teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.io.formats.nrrd_space import Place, place_of
from shaspec.io.formats.packed import BZIP2, GZIP, Codec, load
from shaspec.io.formats.payload import HEAD, Payload, beside
from shaspec.io.formats.placing import placed_header
from shaspec.io.formats.stored import Stored
from shaspec.io.header import Header

TYPES = {
    **dict.fromkeys(("unsigned char", "uchar", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(
        ("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"
    ),
    **dict.fromkeys(("unsigned short", "ushort", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("unsigned int", "uint", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), "i8"
    ),
    **dict.fromkeys(
        ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"
    ),
    "float": "f4",
    "double": "f8",
}
"""Data types by their NRRD names."""
CODECS: dict[str, Codec | None] = {
    "raw": None, "gzip": GZIP, "gz": GZIP, "bzip2": BZIP2, "bz2": BZIP2,
}  # fmt: skip
LISTS = {"list", "vector", "time", "none", "???", "domain", "space", "scalar", "stub"}
"""Axis kinds of a list of volumes; colours, tensors etc. are not volumes."""


@dataclass(frozen=True)
class NrrdHeader:
    """The validated header of a NRRD file."""

    fields: dict[str, Any]
    """As returned by pynrrd."""
    header: Header
    """Header of the volume, with channels last regardless of their axis in the file."""
    sizes: tuple[int, ...]
    """Sizes of the axes in the file; the first varies fastest."""
    list_axis: int | None
    """The axis that lists volumes, or None."""
    payload: Payload

    def voxels(self) -> npt.NDArray[Any]:
        """(i, j, k) or (channels, i, j, k), as stored; raises `InputError` for a damaged file."""
        data = np.frombuffer(self.payload.read(self.header.end), self.header.dtype)
        array = data.reshape(self.sizes, order="F")
        return array if self.list_axis is None else np.moveaxis(array, self.list_axis, 0)


def open_nrrd(path: Path) -> Stored:
    """Open a NRRD file and validate its header."""
    nrrd_header = read_nrrd_header(path)
    if nrrd_header.list_axis is None or nrrd_header.list_axis == len(nrrd_header.sizes) - 1:
        return Stored(nrrd_header.header, lambda: nrrd_header.payload.read(nrrd_header.header.end))
    return Stored(
        nrrd_header.header, lambda: b"".join(one.tobytes(order="F") for one in nrrd_header.voxels())
    )


def read_nrrd_header(path: Path) -> NrrdHeader:
    """Read the header of a NRRD file; raises `InputError` naming the file and what to do."""
    text, start = _text(load(path, HEAD), path)
    try:
        fields = dict(nrrd.read_header(text))
        sizes = tuple(int(n) for n in fields["sizes"])
        if int(fields["dimension"]) != len(sizes):
            raise ValueError(f"dimension is {fields['dimension']}, but it has {len(sizes)} sizes")
        place = place_of(fields, len(sizes), path)
        return _checked(fields, sizes, place, start, path)
    except (nrrd.NRRDError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise InputError(
            f"{path}: not a readable NRRD file ({error}); export or copy it again"
        ) from error


def _text(data: bytes, path: Path) -> tuple[list[str], int]:
    """The lines of the header, with lower-case field names, and the end of the header."""
    if not data.startswith(b"NRRD"):
        raise InputError(f"{path}: not a NRRD file, or damaged; export or copy it again")
    end = re.search(rb"\r?\n\r?\n", data)
    if end is None and path.name.lower().endswith(".nrrd"):
        raise InputError(f"{path}: its header is truncated; copy or download it again")
    lines = data[: end.start() if end else len(data)].decode("utf-8", "replace").splitlines()
    named = [
        line.lower()[: line.index(":")] + line[line.index(":") :]
        if ":" in line and ":=" not in line
        else line
        for line in lines
        if ":" in line or line.startswith("NRRD")
    ]
    return named, end.end() if end else len(data)


def _checked(
    fields: dict[str, Any], sizes: tuple[int, ...], place: Place, start: int, path: Path
) -> NrrdHeader:
    listing = place.list_axis
    kinds = [str(kind).lower() for kind in fields.get("kinds", ())]
    if listing is not None and kinds and sizes[listing] > 1 and kinds[listing] not in LISTS:
        raise InputError(
            f"{path}: its voxels are of kind {fields['kinds'][listing]}, not one number each; "
            "export the volume itself"
        )
    spatial = [n for axis, n in enumerate(sizes) if axis != listing]
    header = placed_header(
        path,
        spatial if listing is None else [*spatial, sizes[listing]],
        _dtype(fields, path),
        place.affine,
        oriented=place.oriented,
        notices=place.notices,
    )
    return NrrdHeader(fields, header, sizes, listing, _payload(fields, start, path))


def _dtype(fields: dict[str, Any], path: Path) -> np.dtype[Any]:
    kind, order = str(fields["type"]).lower(), str(fields.get("endian", "")).lower()
    if kind not in TYPES:
        raise InputError(f"{path}: contains voxels of type {kind}; export one number per voxel")
    dtype = np.dtype(TYPES[kind])
    if dtype.itemsize > 1 and order not in ("big", "little"):
        raise InputError(f"{path}: the header has no byte order (endian); save it again")
    return dtype.newbyteorder(">" if order == "big" else "<")


def _payload(fields: dict[str, Any], start: int, path: Path) -> Payload:
    """The location of the voxels."""
    encoding = str(fields["encoding"]).lower()
    if encoding not in CODECS:
        raise InputError(f"{path}: has the encoding {encoding}; save it again as raw or gzip")
    name = fields.get("data file", fields.get("datafile"))
    lines = int(fields.get("line skip", fields.get("lineskip", 0)))
    skip = int(fields.get("byte skip", fields.get("byteskip", 0)))
    if name is not None and (str(name).startswith("LIST") or "%" in str(name)):
        raise InputError(f"{path}: its voxels are in several files; save it as one .nrrd file")
    if lines < 0 or skip < -1:
        raise InputError(f"{path}: invalid line skip {lines} or byte skip {skip}; save it again")
    if name is None and path.name.lower().endswith(".nhdr"):
        raise InputError(f"{path}: does not name its data file; save it again as .nrrd")
    if skip == -1 and CODECS[encoding] is not None:
        raise InputError(f"{path}: byte skip -1 needs the encoding raw; save it again")
    file = path if name is None else beside(path, str(name))
    return Payload(file, start if name is None else 0, CODECS[encoding], lines, skip)
