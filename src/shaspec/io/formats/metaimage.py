"""MetaImage, ``.mha`` and ``.mhd``: the format of ITK and elastix. A text header, then the voxels.

The fields are those of ITK's documentation of the format. Positions are in LPS millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.io.formats.packed import GZIP, ZLIB, Bytes, load
from shaspec.io.formats.payload import HEAD, Payload, beside
from shaspec.io.formats.placing import affine_of, in_mm, no_voxel_size, placed_header
from shaspec.io.formats.stored import Stored

TYPES = {
    "met_char": "i1", "met_uchar": "u1", "met_short": "i2", "met_ushort": "u2", "met_int": "i4",
    "met_uint": "u4", "met_long": "i4", "met_ulong": "u4", "met_long_long": "i8",
    "met_ulong_long": "u8", "met_float": "f4", "met_double": "f8",
}  # fmt: skip
"""A long has 4 bytes in files."""
DATA = "elementdatafile"  # the last field
SPACING = ("elementspacing", "elementsize")
DIRECTIONS = ("transformmatrix", "rotation", "orientation")
ORIGIN = ("offset", "position", "origin")
TEXTS = ("name", "comment", "objecttype", "objectsubtype")
"""Fields that may stand there several times."""
MOST_DIMS = 10
MSB = ("binarydatabyteordermsb", "elementbyteordermsb")

Fields = Mapping[str, str]


def open_metaimage(path: Path) -> Stored:
    """Open a MetaImage and validate its header."""
    fields, start = _fields(load(path, HEAD), path)
    try:
        dims = int(fields["ndims"])
        if not 1 <= dims <= MOST_DIMS:
            raise ValueError(f"NDims is {dims}")
        sizes = [int(text) for text in fields["dimsize"].split()]
        channels = int(fields.get("elementnumberofchannels", 1))
        notices: list[str] = []
        affine, oriented = _affine(fields, dims, path, notices)
        slope = float(fields.get("elementtointensityfunctionslope", 1))
        inter = float(fields.get("elementtointensityfunctionoffset", 0))
        skip = int(fields.get("headersize", 0))
    except KeyError as error:
        raise InputError(f"{path}: the header has no {error}; export the file again") from error
    except ValueError as error:
        raise InputError(f"{path}: the header cannot be read ({error}); export it again") from error
    if dims not in (3, 4) or len(sizes) != dims or (channels != 1 and dims == 4) or channels < 1:
        raise InputError(
            f"{path}: has {dims} dimensions ({fields['dimsize']}) of {channels} channels; a volume "
            "needs 3"
        )
    if (slope, inter) != (1.0, 0.0):
        notices.append(f"the values of {path.name} were scaled by {slope:g}, with offset {inter:g}")
    header = placed_header(
        path,
        [*sizes, channels] if channels > 1 else sizes,
        _dtype(fields, path),
        affine,
        oriented=oriented,
        scaling=(slope, inter),
        notices=notices,
    )
    payload = _payload(fields, start, skip, path)

    def voxels() -> Bytes:
        data = payload.read(header.end)
        if channels == 1:
            return data
        one = np.frombuffer(data, header.dtype).reshape(-1, channels)  # channels vary fastest
        return one.T.tobytes()

    return Stored(header, voxels)


def _fields(data: bytes, path: Path) -> tuple[dict[str, str], int]:
    """The fields by lower-case name, and the end of the header."""
    fields: dict[str, str] = {}
    start = 0
    for line in data.splitlines(keepends=True):
        key, equals, value = line.decode("utf-8", "replace").partition("=")
        start += len(line)
        if equals:
            name, value = key.strip().lower(), value.strip()
            if fields.get(name, value) != value and name not in TEXTS:
                raise InputError(
                    f"{path}: the header has two values of {key.strip()}; export it again"
                )
            fields[name] = value
        if DATA in fields or not (equals or not line.strip()):
            break
    if DATA not in fields:
        raise InputError(f"{path}: not a MetaImage, or its header is truncated; export it again")
    if fields.get("objecttype", "Image").lower() != "image":
        raise InputError(f"{path}: has a {fields['objecttype']}, not an image; export the image")
    return fields, start


def _affine(
    fields: Fields, dims: int, path: Path, notices: list[str]
) -> tuple[npt.NDArray[Any], bool]:
    """Voxel (i, j, k) -> RAS mm, and whether the header has directions."""
    spacing = _numbers(fields, SPACING, dims)
    if spacing is None:
        notices.append(no_voxel_size(path))
        spacing = [1.0] * dims
    matrix = _numbers(fields, DIRECTIONS, dims * dims)
    origin = _numbers(fields, ORIGIN, dims) or [0.0] * dims
    cosines = np.array(matrix or np.eye(dims)).reshape(dims, dims)  # row n: axis n
    if dims == 4 and (np.any(cosines[3, :3]) or np.any(cosines[:3, 3])):
        raise InputError(f"{path}: space and time axes are mixed; export each volume separately")
    if matrix is None:
        notices.append(
            f"{path.name} has no orientation in its header (no TransformMatrix): its axes were "
            "read as left-posterior-superior"
        )
    directions = cosines[:3, :3] * np.array(spacing[:3])[:, None]
    affine = affine_of(directions, np.array(origin[:3]))
    return in_mm(affine, fields.get("distanceunits", ""), path, notices), matrix is not None


def _numbers(fields: Fields, names: tuple[str, ...], count: int) -> list[float] | None:
    """The numbers in the fields of these names, which all mean the same; None if none exists."""
    found: list[float] | None = None
    for name in (name for name in names if name in fields):
        numbers = [float(part) for part in fields[name].split()]
        if len(numbers) != count:
            raise ValueError(f"{name} has {len(numbers)} numbers, not {count}")
        if found is not None and found != numbers and name != "elementsize":
            raise ValueError(f"{name} has other numbers than {names[0]}")
        found = numbers if found is None else found
    return found


def _dtype(fields: Fields, path: Path) -> np.dtype[Any]:
    kind = fields.get("elementtype", "").lower()
    if kind not in TYPES or fields.get("binarydata", "True").lower() != "true":
        raise InputError(
            f"{path}: has {kind or 'voxels without a type'}, not binary numbers; export it again"
        )
    orders = {fields[name].lower() for name in MSB if name in fields} or {"false"}
    if len(orders) > 1:
        raise InputError(f"{path}: the header has two byte orders; export it again")
    return np.dtype((">" if orders == {"true"} else "<") + TYPES[kind])


def _payload(fields: Fields, start: int, skip: int, path: Path) -> Payload:
    """The location of the voxels."""
    name = fields[DATA]
    local = name.lower() == "local"
    if name.lower() == "list" or name.lower().startswith("list ") or "%" in name:
        raise InputError(f"{path}: its voxels are in several files; save it as one .mha file")
    if skip < -1:
        raise InputError(f"{path}: HeaderSize is {skip}; export the file again")
    file = path if local else beside(path, name)
    codec = None
    if fields.get("compresseddata", "False").lower() == "true":
        at = start if local else 0
        codec = GZIP if load(file, at + 2)[at:] == GZIP.magic else ZLIB
    return Payload(file, start if local else 0, codec, skip=0 if local else skip)
