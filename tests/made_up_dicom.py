"""Made-up DICOM examinations of a made-up patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

NAME, PATIENT_ID = "Quibblethorpe^Zebedee", "PX-774411"
STUDY = "1.2.826.0.1.3680043.8.498.1"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SHAPE = (20, 32, 32)
"""Slices, rows, columns."""


def voxels(seed: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    return np.random.default_rng(seed).integers(0, 2000, SHAPE, dtype=np.uint16)


def write_series(
    folder: Path,
    number: int,
    description: str,
    *,
    axes: tuple[float, ...] = AXIAL,
    step: float = 4.0,
    spacing: tuple[float, float] = (2.0, 1.5),
    skip: tuple[int, ...] = (),
    slices: int = SHAPE[0],
    **tags: Any,
) -> list[Path]:
    """Write a series of single-frame MR images; ``tags`` are set on every image."""
    folder.mkdir(parents=True, exist_ok=True)
    series, data = generate_uid(entropy_srcs=[str(folder), str(number)]), voxels(number)
    normal = np.cross(axes[:3], axes[3:])
    origin = np.array([-20.0, -30.0, 5.0])
    paths = []
    for index in range(slices):
        if index in skip:
            continue
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = f"{series[:50]}.{number}.{index + 1}"
        image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        values = {
            "SOPClassUID": MRImageStorage, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "FrameOfReferenceUID": f"{STUDY}.1",
            "StudyInstanceUID": STUDY, "SeriesInstanceUID": series, "SeriesNumber": number,
            "SeriesDescription": description, "StudyDate": "20240105", "Modality": "MR",
            "AcquisitionTime": f"10{number:02d}00", "PatientName": NAME, "PatientID": PATIENT_ID,
            "ImageType": ["ORIGINAL", "PRIMARY", "M"], "InstanceNumber": index + 1,
            "Rows": SHAPE[1], "Columns": SHAPE[2], "PixelSpacing": list(spacing),
            "SliceThickness": step,
            "ImageOrientationPatient": [f"{a:.8f}" for a in axes],
            "ImagePositionPatient": [f"{p:.5f}" for p in origin + normal * step * index],
            "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0,
            "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
            "PixelData": data[index].tobytes(), "ImageComments": NAME,
        }  # fmt: skip
        for key, value in {**values, **tags}.items():
            setattr(image, key, value)
        path = folder / f"{NAME}_{number}_{index:03d}"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


T1: dict[str, Any] = {"ScanningSequence": "SE", "EchoTime": 9, "RepetitionTime": 550}
T2: dict[str, Any] = {"ScanningSequence": "SE", "EchoTime": 95, "RepetitionTime": 5000}
FLAIR: dict[str, Any] = {**T2, "RepetitionTime": 9000, "InversionTime": 2500}


def write_examination(folder: Path) -> Path:
    """A localiser, four sequences, a repeated FLAIR and a diffusion map."""
    write_series(folder, 1, "Scout", slices=3, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_series(folder, 2, "t2_tse_tra", **T2)
    write_series(folder, 3, "t2 FLAIR Quibblethorpe", **FLAIR)
    write_series(folder, 4, "t2 FLAIR Quibblethorpe", **FLAIR)
    write_series(folder, 5, "t1_se_tra", **T1)
    write_series(folder, 6, "ep2d_diff", ImageType=["DERIVED", "PRIMARY", "ADC"])
    write_series(folder, 7, "t1_se_tra", ContrastBolusAgent="Gadovist", **T1)
    return folder
