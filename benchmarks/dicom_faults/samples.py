"""The samples: each writes one examination and returns what is given to the program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from benchmarks.dicom_faults import packing
from benchmarks.dicom_faults import writers as w
from benchmarks.dicom_faults.pixels import PIXELS, Sample, edited, tagged


def without(name: str) -> Sample:
    """One series without an attribute."""
    return edited(lambda image, _: delattr(image, name))


def raw(change: Callable[[list[Path]], object]) -> Sample:
    """One series whose files are changed as bytes."""

    def make(folder: Path) -> Path:
        change(w.series(folder))
        return folder

    return make


def beside(add: Callable[[Path], object]) -> Sample:
    """A sound series, and something else in the folder."""

    def make(folder: Path) -> Path:
        w.series(folder)
        add(folder)
        return folder

    return make


def only(add: Callable[[Path], object]) -> Sample:
    """A folder without a sound series."""

    def make(folder: Path) -> Path:
        folder.mkdir()
        add(folder)
        return folder

    return make


def at(position: Callable[[int], Any]) -> Sample:
    """One series with other positions."""

    def edit(image: Any, index: int) -> None:
        image.ImagePositionPatient = [f"{p:.5f}" for p in position(index)]

    return edited(edit)


def place(index: float) -> Any:
    """Where slice ``index`` belongs."""
    return np.add(w.ORIGIN, [0, 0, w.STEP * index])


def put(name: str, value: Callable[[int], Any]) -> Sample:
    """One series with an attribute that depends on the slice."""
    return edited(lambda image, index: setattr(image, name, value(index)))


def shuffled(image: Any, index: int) -> None:
    """Number the images in an order that has nothing to do with their places."""
    image.InstanceNumber = int(np.random.default_rng(5).permutation(w.SLICES)[index]) + 1


def write_bytes(name: str, data: bytes) -> Callable[[Path], object]:
    """Write one file."""
    return lambda folder: (folder / name).write_bytes(data)


def copied(paths: list[Path]) -> None:
    """Every file once more, under another name."""
    for path in paths:
        shutil.copy(path, path.with_name(f"copy_{path.name}"))


def copied_with_new_uid(paths: list[Path]) -> None:
    """Every image once more, as another instance."""
    copied(paths)
    copies = [path.with_name(f"copy_{path.name}") for path in paths]
    w.change(copies, lambda image, _: setattr(image, "SOPInstanceUID", generate_uid()))


def _patients(key: str, value: str) -> Callable[[Path], object]:
    return lambda folder: w.series(folder, 3, "t2_flair", **{key: value}, InversionTime=2500)


def _scout(folder: Path) -> None:
    uid = generate_uid()
    for number, axes in enumerate((w.AXIAL, (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)), 1):
        part = folder / str(number)
        words = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "uid": uid}
        w.series(part, 1, "scout", axes=axes, slices=1, **words)


def _without_meta(image: Any) -> None:
    image.preamble = None
    image.file_meta = pydicom.dataset.FileMetaDataset()


def _implicit_without_preamble(paths: list[Path]) -> None:
    for path in paths:
        image = pydicom.dcmread(path)
        _without_meta(image)
        image.save_as(path.with_suffix(""), implicit_vr=True, little_endian=True)
        path.unlink()


def _as_syntax(syntax: str) -> Callable[[list[Path]], None]:
    def change(paths: list[Path]) -> None:
        for path in paths:
            image = pydicom.dcmread(path)
            if syntax == RLELossless:
                image.compress(RLELossless)
            else:
                image.file_meta.TransferSyntaxUID = syntax
            image.save_as(path, enforce_file_format=True)

    return change


def _enhanced(order: list[int], **options: Any) -> Sample:
    def make(folder: Path) -> Path:
        w.enhanced(folder, order, **options)
        return folder

    return make


CONTROLS = "t2\x1b[31m\x1b]8;;http://x\x07 tse"
HTML = "<img src='file:///etc/hostname'><script>alert(1)</script>t2"
ALL = list(range(w.SLICES))
MIXED = [3, 0, 7, 1, 11, 4, 9, 2, 10, 5, 8, 6]
OBLIQUE = (0.9396926, 0.3420201, 0.0, -0.2961981, 0.8137977, 0.5)
GE_PRIVATE = "1.2.840.113619.5.2"

SAMPLES: dict[str, Sample] = {
    "sound": tagged(),
    "image numbers in another order": edited(shuffled),
    "all image numbers equal": tagged(InstanceNumber=1),
    "no image numbers": without("InstanceNumber"),
    "image numbers reversed": put("InstanceNumber", lambda n: w.SLICES - n),
    "all instance UIDs equal": tagged(SOPInstanceUID="1.2.3.4"),
    "no instance UID": without("SOPInstanceUID"),
    "oblique": tagged(axes=OBLIQUE),
    "positions fall": at(lambda n: place(w.SLICES - n)),
    "a slice is missing": raw(lambda paths: paths[5].unlink()),
    "uneven distances": at(lambda n: place(n + 0.3 * (n % 2))),
    "two blocks of slices": at(lambda n: place(n + 10 * (n >= 6))),
    "every file twice": raw(copied),
    "every image twice, other UIDs": raw(copied_with_new_uid),
    "gantry tilt": at(lambda n: np.add(place(n), [0, 0.5 * n, 0])),
    "mixed orientations": put(
        "ImageOrientationPatient", lambda n: [*(OBLIQUE if n > 5 else w.AXIAL)]
    ),
    "mixed sizes": edited(lambda image, n: w.fill(image, w.voxels(n, (24, 20 + (n > 5))))),
    "mixed voxel sizes": put("PixelSpacing", lambda n: [1, 1 + (n > 5)]),
    "two slices": tagged(slices=2),
    "one slice": tagged(slices=1),
    "one file cut off in the header": raw(lambda p: p[3].write_bytes(p[3].read_bytes()[:300])),
    "one file cut off in the pixels": raw(lambda p: p[3].write_bytes(p[3].read_bytes()[:-99])),
    "an empty file": raw(lambda p: p[3].write_bytes(b"")),
    "a text named .dcm": beside(write_bytes("notes.dcm", b"no DICOM\n" * 99)),
    "an image named .dcm": beside(write_bytes("a.dcm", b"\x89PNG\r\n\x1a\n" + bytes(500))),
    "another patient by ID": beside(_patients("PatientID", "PX-2")),
    "another patient by name": beside(_patients("PatientName", "Other^One")),
    "the patient's name in capitals": beside(_patients("PatientName", w.NAME.upper())),
    "voxel size zero": tagged(PixelSpacing=[0, 0]),
    "voxel size negative": tagged(PixelSpacing=[-1, 1]),
    "voxel size of a kilometre": tagged(PixelSpacing=[1e6, 1e6]),
    "positions of text": edited(lambda image, _: image.add(odd_value(image))),
    "positions infinite": tagged(ImagePositionPatient=["1e400", "0", "0"]),
    "axes not perpendicular": tagged(ImageOrientationPatient=[1, 0, 0, 0.7, 0.7, 0]),
    "axes of length zero": tagged(ImageOrientationPatient=[0, 0, 0, 0, 0, 0]),
    "no positions": without("ImagePositionPatient"),
    "no axes": without("ImageOrientationPatient"),
    "no voxel size": without("PixelSpacing"),
    "secondary captures beside": beside(
        lambda f: w.other(f, 90, SecondaryCaptureImageStorage, "Screenshot")
    ),
    "secondary captures only": only(
        lambda f: w.other(f, 90, SecondaryCaptureImageStorage, "Screenshot")
    ),
    "a PDF beside": beside(
        lambda f: w.other(f, 91, w.PDF, "Report Quibblethorpe", EncapsulatedDocument=b"%PDF-1.4 ")
    ),
    "a PDF only": only(lambda f: w.other(f, 91, w.PDF, "Report", EncapsulatedDocument=b"%PDF ")),
    "enhanced": _enhanced(ALL),
    "enhanced, frames reversed": _enhanced(ALL[::-1]),
    "enhanced, frames in another order": _enhanced(MIXED),
    "enhanced, two frames at every place": _enhanced(ALL[:6] * 2),
    "enhanced, a slice is missing": _enhanced([*ALL[:4], *ALL[6:]]),
    "enhanced, functional groups are missing": _enhanced(ALL, drop=2),
    "a private transfer syntax": raw(_as_syntax(GE_PRIVATE)),
    "an unknown transfer syntax": raw(_as_syntax("1.2.3.4.5")),
    "RLE": raw(_as_syntax(RLELossless)),
    "RLE, cut off": raw(
        lambda p: (_as_syntax(RLELossless)(p), p[4].write_bytes(p[4].read_bytes()[:-200]))
    ),
    "deflated": raw(_as_syntax(DeflatedExplicitVRLittleEndian)),
    "implicit, without preamble and ending": raw(_implicit_without_preamble),
    "DICOMDIR of other files": beside(packing.dicomdir),
    "DICOMDIR only": only(packing.dicomdir),
    "DICOMDIR given": lambda f: (w.series(f), packing.dicomdir(f), f / "DICOMDIR")[-1],
    "one file given": lambda f: w.series(f)[0],
    "a zip with paths that lead out": packing.zipped(packing.with_paths_out),
    "a zip in a zip": packing.zipped(packing.in_a_zip),
    "a zip of 2 GiB of zeros": packing.zipped(packing.bomb),
    "a zip cut off": lambda f: packing.cut(packing.zipped(packing.with_paths_out)(f)),
    "links, loops and a pipe": beside(packing.links),
    "four dimensions (times)": edited(lambda image, n: setattr(
        image, "ImagePositionPatient", [*place(n % 6)])),
    "diffusion": tagged(DiffusionBValue=1000.0, ScanningSequence="EP"),
    "diffusion without a tag": tagged(description="ep2d_diff", SequenceName="*ep_b1000t"),
    "localisers in three planes": only(_scout),
    "mosaic": tagged(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"], slices=1),
    "series number of text": tagged(SeriesNumber=None),
    "HTML in the description": tagged(description=HTML),
    "control characters in the description": tagged(description=CONTROLS),
    "a description of 4,000 letters": tagged(description="t2 " + "tse " * 1000),
    "no study UID": without("StudyInstanceUID"),
    "two examinations": beside(
        lambda f: w.series(f, 7, StudyInstanceUID=f"{w.STUDY}.9", StudyDate="20250607")
    ),
    "two series of one number": beside(lambda f: w.series(f / "second", 2, "t2_flair")),
    "no pixels": without("PixelData"),
    "a folder named like a file": beside(lambda f: (f / "folder.dcm").mkdir()),
    **PIXELS,
}  # fmt: skip
"""Name -> sample."""


def odd_value(image: Any) -> Any:
    """A position of letters, which pydicom does not write otherwise."""
    del image.ImagePositionPatient
    return pydicom.DataElement(0x00200032, "LO", ["left", "back", "up"])
