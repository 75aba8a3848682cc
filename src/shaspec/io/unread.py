"""Files of medical images in formats that are not read: named, with what to do about them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shaspec.io.naming import recognise
from shaspec.task import Task

CONVERT = "convert it to NIfTI (.nii.gz), e.g. with 3D Slicer or ITK-SNAP"
UNPACK = "unpack it, or compress it with gzip (.nii.gz)"
FORMATS = {
    ".mha": ("MetaImage", CONVERT),
    ".mhd": ("MetaImage", CONVERT),
    ".nrrd": ("NRRD", CONVERT),
    ".nhdr": ("NRRD", CONVERT),
    ".mgz": ("FreeSurfer volume", "convert it to NIfTI (.nii.gz), e.g. with mri_convert"),
    ".mgh": ("FreeSurfer volume", "convert it to NIfTI (.nii.gz), e.g. with mri_convert"),
    ".hdr": ("Analyze or NIfTI pair", CONVERT),
    ".nii.bz2": ("NIfTI, packed with bzip2", UNPACK),
    ".nii.zst": ("NIfTI, packed with Zstandard", UNPACK),
    ".nii.xz": ("NIfTI, packed with xz", UNPACK),
    ".nii.zip": ("NIfTI, packed with zip", UNPACK),
    ".mnc": ("MINC", CONVERT),
    ".head": ("AFNI volume", CONVERT),
    ".par": ("Philips PAR/REC", "convert it to NIfTI (.nii.gz) with dcm2niix"),
    ".dcm": ("DICOM", "convert the series to NIfTI with dcm2niix -z y FOLDER"),
    ".ima": ("DICOM", "convert the series to NIfTI with dcm2niix -z y FOLDER"),
}
SEGMENTATION = ".seg.nrrd"  # of 3D Slicer, read elsewhere
MARK = b"DICM"
PREAMBLE = 128  # bytes before the mark (DICOM PS3.10, section 7.1)
LOOKED_AT = 4  # files of a folder
SHOWN = 6


def unread_format(path: Path) -> tuple[str, str] | None:
    """(name of the format, what to do) for a file that is an image, but not read; else None."""
    name = path.name.lower()
    if name.endswith(SEGMENTATION):
        return None
    ending = next((e for e in sorted(FORMATS, key=len, reverse=True) if name.endswith(e)), None)
    if ending:
        return FORMATS[ending]
    bare = "." not in name or name.rpartition(".")[2].isdecimal()
    return FORMATS[".dcm"] if bare and _marked(path) else None


def is_dicom_folder(folder: Path) -> bool:
    """True if the first files of a folder, or of its first subfolder, are DICOM."""
    try:
        inside = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError:
        return False
    files = [p for p in inside if p.is_file()][:LOOKED_AT]
    if any(p.name.upper() == "DICOMDIR" for p in inside):
        return True
    return any((unread_format(p) or ("",))[0] == "DICOM" for p in files)


def unread_notices(inside: Iterable[Path], task: Task) -> list[str]:
    """A sentence for each file, or folder of DICOM files, that is an image but not read."""
    if task.dims != 3:
        return []
    found: dict[str, str] = {}
    for path in inside:
        if path.is_dir():
            known = FORMATS[".dcm"] if is_dicom_folder(path) else None
        else:
            known = unread_format(path)
        if known is None:
            continue
        match = recognise(path.name, task)
        what = f", {match.role} by its name" if match else ""
        key = path.name if match or path.is_dir() else known[0]
        found.setdefault(key, f"seen but not read: {path.name} ({known[0]}{what}); {known[1]}")
    return list(found.values())[:SHOWN]


def _marked(path: Path) -> bool:
    """True if the file begins like a DICOM file."""
    try:
        with path.open("rb") as file:
            return file.read(PREAMBLE + len(MARK))[PREAMBLE:] == MARK
    except OSError:
        return False
