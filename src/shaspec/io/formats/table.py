"""The table of volume formats: supported and unsupported file endings.

All code that lists endings uses this table: folders, drops on napari, file names, messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file, open_regular

CONVERT = "convert it to NIfTI (.nii.gz), e.g. with 3D Slicer or ITK-SNAP"
SAVE = "save it as NIfTI (.nii.gz) with its voxel size, e.g. with nibabel"
UNPACK = "unpack it, or compress it with gzip (.nii.gz)"
FROM_DICOM = (
    "make a case of the examination with shaspec case FOLDER --out CASE, or convert the series to "
    "NIfTI with dcm2niix -z y FOLDER"
)


@dataclass(frozen=True)
class Format:
    """A volume format and its file endings, in lower case."""

    title: str
    endings: tuple[str, ...]
    advice: str = ""
    """How to convert an unsupported file; empty if the format is supported."""


NIFTI = Format("NIfTI", (".nii.gz", ".nii", ".nii.bz2", ".nii.zst", ".nii.xz"))
METAIMAGE = Format("MetaImage", (".mha", ".mhd"))
NRRD = Format("NRRD", (".nrrd", ".nhdr"))
MGH = Format("FreeSurfer volume", (".mgz", ".mgh"))
PAIR = Format("Analyze or NIfTI pair", (".hdr", ".hdr.gz"))
"""The header is the file to open; the voxels are beside it, see `IMG`."""
READ = (NIFTI, METAIMAGE, NRRD, MGH, PAIR)

DICOM = Format("DICOM", (".dcm", ".ima"), FROM_DICOM)
LONE_IMG = Format(
    "voxels of an Analyze or NIfTI pair without their header", (".img", ".img.gz"),
    "put the .hdr file of the same name beside it",
)  # fmt: skip
BY_NAME = (
    Format("an unfinished download", (".part", ".crdownload", ".download"), "download it again"),
    Format("an archive", (".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz"), UNPACK),
    Format("compressed, of an unknown format", (".gz",), "rename it, e.g. to end in .nii.gz"),
    Format("an array", (".npy", ".npz", ".pt", ".h5", ".hdf5", ".mat"), SAVE),
    Format("TIFF", (".tif", ".tiff"), CONVERT),
)
"""Files of any kind, which count as images only if their names say so."""
NOT_READ = (
    Format("NIfTI, packed with zip", (".nii.zip",), UNPACK),
    Format("MINC", (".mnc",), CONVERT),
    Format("AFNI volume", (".head",), CONVERT),
    Format("Philips PAR/REC", (".par",), "convert it to NIfTI (.nii.gz) with dcm2niix"),
    DICOM,
)
IMG = (".img", ".img.gz")
SEGMENTATION = ".seg.nrrd"
"""Segmentations of 3D Slicer, read by `shaspec.io.segmentation_reader`."""
ENDINGS = tuple(ending for known in READ for ending in known.endings)
"""Endings of all supported volumes."""
PACKED_START = rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"
SIZE_START = rb"\x5c\x01\0\0|\0\0\x01\x5c|\x1c\x02\0\0|\0\0\x02\x1c"
STARTS = {
    NIFTI: re.compile(PACKED_START + b"|" + SIZE_START),
    METAIMAGE: re.compile(rb"\s*\w+\s*="),
    NRRD: re.compile(b"NRRD"),
    MGH: re.compile(PACKED_START + rb"|\0\0\0\x01"),
    PAIR: re.compile(PACKED_START + b"|" + SIZE_START),
}
"""First bytes of files: of the compression, or the size (NIfTI), version or first field."""
START = 64  # bytes that are compared
FIRST = tuple(sorted({e.split(".")[1] for e in (*ENDINGS, *IMG, *DICOM.endings)}))
"""The file endings, without that of a compression."""
PACKED = ("gz", "bz2", "zst", "xz", "zip")
"""The endings of compressed files."""
TITLES = "NIfTI, MetaImage, NRRD, MGZ or Analyze"


def format_of(path: Path, formats: Iterable[Format] = READ) -> Format | None:
    """The format in ``formats`` that matches a file name; None if none does."""
    name = path.name.lower()
    if name.endswith(SEGMENTATION):
        return None
    return next(
        (table_format for table_format in formats if name.endswith(table_format.endings)), None
    )


def is_volume(path: Path) -> bool:
    """Return whether the name ends like that of a supported volume."""
    return format_of(path) is not None


def begins_as_named(path: Path) -> bool:
    """Return False if the first bytes contradict the format of the file name.

    Plain NIfTI and files that cannot be opened are left to their reader.
    """
    table_format = format_of(path)
    if table_format is None or path.name.lower().endswith((".nii", ".nii.gz")):
        return True
    try:
        with open_regular(path) as file:
            return STARTS[table_format].match(file.read(START)) is not None
    except (InputError, OSError):
        return True


def header_of(path: Path) -> Path:
    """The ``.hdr`` file beside an ``.img`` file; any other path unchanged."""
    name = path.name.lower()
    ending = next((e for e in IMG if name.endswith(e)), None)
    if ending is None:
        return path
    bare = path.name[: -len(ending)]
    named = [path.with_name(bare + e) for end in PAIR.endings for e in (end, end.upper())]
    return next((header for header in named if is_file(header)), path)


def header_files(paths: Iterable[Path]) -> list[Path]:
    """The paths with ``.hdr`` instead of ``.img`` files, without duplicates."""
    return list(dict.fromkeys(map(header_of, paths)))
