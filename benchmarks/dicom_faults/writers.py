"""Write made-up DICOM series, single-frame and enhanced, and change the images of a series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

NAME, PATIENT_ID = "Quibblethorpe^Zebedee", "PX-774411"
STUDY = "1.2.826.0.1.3680043.8.498.5"
SLICES, ROWS, COLUMNS = 12, 24, 20
ORIGIN, STEP, SPACING = np.array([-20.0, -30.0, 5.0]), 4.0, (2.0, 1.5)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
T2: dict[str, Any] = {"ScanningSequence": "SE", "EchoTime": 95, "RepetitionTime": 5000}
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
Edit = Callable[[Dataset, int], None]


def file_of(sop_class: str, syntax: str = ExplicitVRLittleEndian) -> FileDataset:
    """An empty image of the made-up patient."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    values = {
        "SOPClassUID": sop_class, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": STUDY, "FrameOfReferenceUID": f"{STUDY}.1", "StudyDate": "20240105",
        "PatientName": NAME, "PatientID": PATIENT_ID,
    }  # fmt: skip
    for key, value in values.items():
        setattr(image, key, value)
    return image


def fill(image: Dataset, pixels: np.ndarray[Any, Any]) -> None:
    """Set grey pixels of 16 bits, (rows, columns) or (frames, rows, columns)."""
    rows, columns = pixels.shape[-2:]
    values = {
        "Rows": rows, "Columns": columns, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": np.ascontiguousarray(pixels, np.uint16).tobytes(),
    }  # fmt: skip
    for key, value in values.items():
        setattr(image, key, value)


def voxels(seed: int, shape: tuple[int, ...] = (SLICES, ROWS, COLUMNS)) -> np.ndarray[Any, Any]:
    """Noise that names every voxel."""
    return np.random.default_rng(seed).integers(1, 2000, shape, dtype=np.uint16)


def series(
    folder: Path, number: int = 2, description: str = "t2_tse", *, edit: Edit | None = None,
    axes: Sequence[float] = AXIAL, slices: int = SLICES, uid: str = "", **tags: Any,
) -> list[Path]:  # fmt: skip
    """Write one file per slice; ``edit`` changes an image with its index before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    data, normal = voxels(number), np.cross(axes[:3], axes[3:])
    paths = []
    for index in range(slices):
        image = file_of(MRImageStorage)
        fill(image, data[index % SLICES])
        values = {
            "SeriesInstanceUID": uid, "SeriesNumber": number, "SeriesDescription": description,
            "Modality": "MR", "AcquisitionTime": f"10{number % 60:02d}00",
            "ImageType": ["ORIGINAL", "PRIMARY", "M"], "InstanceNumber": index + 1,
            "PixelSpacing": list(SPACING), "SliceThickness": STEP,
            "ImageOrientationPatient": [f"{a:.8f}" for a in axes],
            "ImagePositionPatient": [f"{p:.5f}" for p in ORIGIN + normal * STEP * index],
            **T2, **tags,
        }  # fmt: skip
        for key, value in values.items():
            setattr(image, key, value)
        if edit:
            edit(image, index)
        path = folder / f"{number:03d}_{index:03d}.dcm"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def change(paths: Sequence[Path], edit: Edit, **options: Any) -> None:
    """Read, change and write files again; ``options`` are those of ``save_as``."""
    for index, path in enumerate(paths):
        image = pydicom.dcmread(path)
        edit(image, index)
        image.save_as(path, **options)


def other(folder: Path, number: int, sop_class: str, description: str, **tags: Any) -> Path:
    """Write an object that is no MR image."""
    folder.mkdir(parents=True, exist_ok=True)
    image = file_of(sop_class)
    values = {
        "SeriesInstanceUID": generate_uid(), "SeriesNumber": number, "Modality": "OT",
        "SeriesDescription": description, **tags,
    }  # fmt: skip
    for key, value in values.items():
        setattr(image, key, value)
    if sop_class == SecondaryCaptureImageStorage:
        fill(image, voxels(number, (ROWS, COLUMNS)))
    path = folder / f"{number:03d}_other.dcm"
    image.save_as(path, enforce_file_format=True)
    return path


def enhanced(folder: Path, order: Sequence[int], number: int = 2, *, drop: int = 0) -> Path:
    """Write one enhanced MR image whose frames are the slices ``order``.

    ``drop`` functional groups are left out at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    image = file_of(EnhancedMRImageStorage)
    data = voxels(number)
    fill(image, data[list(order)])
    values = {
        "SeriesInstanceUID": generate_uid(), "SeriesNumber": number, "Modality": "MR",
        "SeriesDescription": "t2_tse", "InstanceNumber": 1, "NumberOfFrames": len(order),
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "NONE"], "AcquisitionContrast": "T2",
    }  # fmt: skip
    for key, value in values.items():
        setattr(image, key, value)
    axes = _item(ImageOrientationPatient=list(AXIAL))
    measures = _item(PixelSpacing=list(SPACING), SliceThickness=STEP)
    image.SharedFunctionalGroupsSequence = Items([
        _item(PlaneOrientationSequence=Items([axes]), PixelMeasuresSequence=Items([measures]))
    ])  # fmt: skip
    groups = []
    for place, index in enumerate(order):
        position = _item(
            ImagePositionPatient=[f"{p:.4f}" for p in np.add(ORIGIN, [0, 0, STEP * index])]
        )
        content = _item(
            StackID="1", InStackPositionNumber=index + 1, DimensionIndexValues=[1, index + 1],
            FrameAcquisitionNumber=place + 1,
        )  # fmt: skip
        groups.append(
            _item(PlanePositionSequence=Items([position]), FrameContentSequence=Items([content]))
        )
    image.PerFrameFunctionalGroupsSequence = Items(groups[: len(groups) - drop])
    path = folder / "enhanced.dcm"
    image.save_as(path, enforce_file_format=True)
    return path


def _item(**tags: Any) -> Dataset:
    item = Dataset()
    for key, value in tags.items():
        setattr(item, key, value)
    return item
