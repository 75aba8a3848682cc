"""Samples whose pixels are stored in an unusual or impossible way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import CTImageStorage, JPEGLSLossless

from benchmarks.dicom_faults import writers as w

Sample = Callable[[Path], Path]
CT: dict[str, Any] = {"SOPClassUID": CTImageStorage, "Modality": "CT"}


def edited(edit: w.Edit | None, **tags: Any) -> Sample:
    """One series whose images are changed before they are written."""

    def make(folder: Path) -> Path:
        w.series(folder, edit=edit, **tags)
        return folder

    return make


def tagged(**tags: Any) -> Sample:
    """One series with other values of attributes, in every image."""
    return edited(None, **tags)


def _many(image: Any, values: dict[str, Any]) -> None:
    for key, value in values.items():
        setattr(image, key, value)


def _colour(image: Any, index: int) -> None:
    colours = np.random.default_rng(index).integers(0, 255, (w.ROWS, w.COLUMNS, 3), np.uint8)
    _many(image, {
        "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0,
        "PixelData": colours.tobytes(),
    })  # fmt: skip


def _bytes(image: Any, index: int) -> None:
    pixels = (w.voxels(2)[index] % 255).astype(np.uint8)
    _many(image, {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelData": pixels.tobytes()})


def _floats(image: Any, index: int) -> None:
    del image.PixelData, image.PixelRepresentation, image.BitsStored, image.HighBit
    image.BitsAllocated = 32
    image.FloatPixelData = w.voxels(2)[index].astype("<f4").tobytes()


def _private(image: Any, _: int) -> None:
    image.add_new(0x00290010, "LO", "X")
    image.add_new(0x00291010, "OB", bytes(9999))


def _palette(image: Any, index: int) -> None:
    _bytes(image, index)
    image.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(image, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(image, f"{colour}PaletteColorLookupTableData", bytes(512))


def _partly_signed(image: Any, index: int) -> None:
    image.PixelRepresentation = index % 2
    pixels = w.voxels(2)[index].astype(np.int32) + 40_000 * (index % 2 == 0)
    image.PixelData = pixels.astype(np.uint16).tobytes()


def _twelve_bits(image: Any, index: int) -> None:
    """Twelve bits, and an overlay in the four above."""
    image.BitsStored, image.HighBit = 12, 11
    pixels = w.voxels(2)[index] | (np.random.default_rng(index).integers(0, 16) << 12)
    image.PixelData = pixels.astype(np.uint16).tobytes()


def _compressed(name: str, size: int = 0) -> Sample:
    """A series of the same compressed image of pydicom's samples."""

    def make(folder: Path) -> Path:
        template = pydicom.dcmread(get_testdata_file(name))

        def edit(image: Any, _: int) -> None:
            for key in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
                        "PixelRepresentation"):  # fmt: skip
                setattr(image, key, template[key].value)
            image.file_meta.TransferSyntaxUID = template.file_meta.TransferSyntaxUID
            image.PixelData = template.PixelData
            image["PixelData"].is_undefined_length = True

        paths = w.series(folder, edit=edit)
        if size:
            paths[4].write_bytes(paths[4].read_bytes()[:size])
        return folder

    return make


def _jpeg_ls(image: Any, _: int) -> None:
    image.compress(JPEGLSLossless)


def _big_endian(folder: Path) -> Path:
    """A series of one image of pydicom's samples, which is stored with the high byte first."""
    folder.mkdir()
    for index in range(w.SLICES):
        image = pydicom.dcmread(get_testdata_file("MR_small_bigendian.dcm"))
        for key, value in {
            "SOPInstanceUID": f"1.2.3.{index + 1}", "SeriesNumber": 2, "PatientName": w.NAME,
            "InstanceNumber": index + 1, "SeriesDescription": "t2_tse", "ScanningSequence": "SE",
            "EchoTime": 95, "RepetitionTime": 5000, "ImageOrientationPatient": list(w.AXIAL),
            "ImagePositionPatient": [0, 0, w.STEP * index], "ImageType": ["ORIGINAL", "PRIMARY"],
            "ContrastBolusAgent": "",
        }.items():  # fmt: skip
            setattr(image, key, value)
        image.save_as(folder / f"{index:03d}.dcm")
    return folder


PIXELS: dict[str, Sample] = {
    "JPEG 2000": _compressed("MR_small_jp2klossless.dcm"),
    "JPEG 2000, cut off": _compressed("MR_small_jp2klossless.dcm", 2000),
    "JPEG-LS": edited(_jpeg_ls),
    "big endian": _big_endian,
    "CT without rescale": tagged(**CT),
    "CT with rescale": tagged(**CT, RescaleSlope=1, RescaleIntercept=-1024),
    "MR, another rescale in every slice": edited(
        lambda image, n: _many(image, {"RescaleSlope": 1 + n / 4, "RescaleIntercept": 0})
    ),
    "MR, a rescale in half of the slices": edited(
        lambda image, n: _many(image, {"RescaleSlope": 2, "RescaleIntercept": 5} if n > 5 else {})
    ),
    "rescale slope zero": tagged(RescaleSlope=0, RescaleIntercept=0),
    "rescale slope infinite": tagged(RescaleSlope="1e400", RescaleIntercept=0),
    "MONOCHROME1": tagged(PhotometricInterpretation="MONOCHROME1"),
    "RGB": edited(_colour),
    "palette of colours": edited(_palette),
    "8 bits": edited(_bytes),
    "float pixels": edited(_floats),
    "some slices signed": edited(_partly_signed),
    "twelve bits and an overlay": edited(_twelve_bits),
    "65,535 rows and columns": tagged(Rows=65535, Columns=65535),
    "half of the rows in the header": tagged(Rows=w.ROWS // 2),
    "a billion frames": tagged(NumberOfFrames=10**9),
    "rows and columns swapped": tagged(Rows=w.COLUMNS, Columns=w.ROWS),
    "bytes behind the pixels": edited(
        lambda image, _: setattr(image, "DataSetTrailingPadding", bytes(5000))
    ),
    "private elements": edited(_private),
}  # fmt: skip
"""Name -> sample."""
