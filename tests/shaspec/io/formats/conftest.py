"""Volumes in every format that is read, written by other programs where there are any."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Write = Callable[[Path, Any, Any], Path]
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
MET = {
    "uint8": "UCHAR", "int16": "SHORT", "uint16": "USHORT", "int32": "INT", "float32": "FLOAT",
    "float64": "DOUBLE",
}  # fmt: skip


def nifti(array: Any, affine: Any) -> bytes:
    return nib.Nifti1Image(array, affine).to_bytes()


def packed(ending: str, pack: Callable[[bytes], bytes]) -> Write:
    def write(folder: Path, array: Any, affine: Any) -> Path:
        path = folder / f"x{ending}"
        path.write_bytes(pack(nifti(array, affine)))
        return path

    return write


def by_nibabel(image_class: Any, ending: str) -> Write:
    def write(folder: Path, array: Any, affine: Any) -> Path:
        nib.save(image_class(array, affine), folder / f"x{ending}")
        return folder / f"x{ending}"

    return write


def metaimage_text(array: Any, affine: Any, data: str, **fields: Any) -> str:
    """The header as ITK writes it: row n of the matrix is the direction of axis n, in LPS."""
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    known = {
        "ObjectType": "Image",
        "NDims": 3,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": array.dtype.newbyteorder("=") != array.dtype,
        "TransformMatrix": " ".join(map(repr, map(float, (lps[:3, :3] / spacing).T.ravel()))),
        "Offset": " ".join(map(repr, map(float, lps[:3, 3]))),
        "ElementSpacing": " ".join(map(repr, map(float, spacing))),
        "DimSize": " ".join(map(str, array.shape[:3])),
        "ElementType": f"MET_{MET[array.dtype.newbyteorder('=').name]}",
    }
    lines = known | fields | {"ElementDataFile": data}
    return "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)


def metaimage(ending: str, *, compressed: bool = False, big: bool = False) -> Write:
    def write(folder: Path, array: Any, affine: Any) -> Path:
        stored = array.astype(array.dtype.newbyteorder(">")) if big else array
        voxels = stored.tobytes(order="F")
        voxels = zlib.compress(voxels) if compressed else voxels
        text = metaimage_text(
            stored, affine, "LOCAL" if ending == ".mha" else "x.raw", CompressedData=compressed
        ).encode()
        path = folder / f"x{ending}"
        path.write_bytes(text + voxels if ending == ".mha" else text)
        if ending == ".mhd":
            (folder / "x.raw").write_bytes(voxels)
        return path

    return write


def nrrd_place(affine: Any, space: str) -> dict[str, Any]:
    """The fields of the place; ``space`` is LPS or RAS in one of its spellings."""
    world = affine if space.lower() in ("right-anterior-superior", "ras") else LPS @ affine
    return {"space": space, "space directions": world[:3, :3].T, "space origin": world[:3, 3]}


def by_pynrrd(ending: str, space: str, encoding: str, *, big: bool = False) -> Write:
    def write(folder: Path, array: Any, affine: Any) -> Path:
        fields = nrrd_place(affine, space) | {"encoding": encoding}
        stored = array.astype(array.dtype.newbyteorder(">")) if big else array
        nrrd.write(str(folder / f"x{ending}"), stored, fields)
        return folder / f"x{ending}"

    return write


WRITERS: dict[str, Write] = {
    "nii": packed(".nii", bytes),
    "nii.bz2": packed(".nii.bz2", bz2.compress),
    "nii.zst": packed(".nii.zst", zstd.compress),
    "nii.xz": packed(".nii.xz", lzma.compress),
    "mgz": by_nibabel(nib.MGHImage, ".mgz"),
    "mgh": by_nibabel(nib.MGHImage, ".mgh"),
    "hdr": by_nibabel(nib.Nifti1Pair, ".hdr"),
    "mha": metaimage(".mha"),
    "mha compressed": metaimage(".mha", compressed=True),
    "mha big endian": metaimage(".mha", big=True),
    "mhd": metaimage(".mhd"),
    "mhd compressed": metaimage(".mhd", compressed=True),
    "nrrd": by_pynrrd(".nrrd", "left-posterior-superior", "gzip"),
    "nrrd raw RAS": by_pynrrd(".nrrd", "RAS", "raw"),
    "nrrd bzip2 LPS": by_pynrrd(".nrrd", "LPS", "bzip2"),
    "nrrd big endian": by_pynrrd(".nrrd", "right-anterior-superior", "raw", big=True),
    "nrrd in the scanner": by_pynrrd(".nrrd", "scanner-xyz", "gzip"),
    "nhdr": by_pynrrd(".nhdr", "left-posterior-superior", "gzip"),
    "nhdr raw": by_pynrrd(".nhdr", "left-posterior-superior", "raw"),
}


@pytest.fixture(scope="session")
def writers() -> dict[str, Write]:
    """Name of a format -> ``write(folder, array (i, j, k), affine to RAS)``, which gives a path."""
    return WRITERS


@pytest.fixture(scope="session")
def metaimage_header() -> Callable[..., str]:
    """``text(array, affine, data file, **fields)``: the header of a MetaImage."""
    return metaimage_text
