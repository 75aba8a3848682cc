"""A made-up DICOM examination: real brains in made-up heads, as a scanner would acquire them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from scipy import ndimage

from benchmarks.case_faults import MARGIN, in_head
from benchmarks.skull import BELOW, face_and_neck
from shaspec.case import Case
from shaspec.geometry import Array, Grid
from shaspec.io.resample import resample
from shaspec.registration import Rigid

TAGS = {
    "FLAIR": {"ScanningSequence": "SE", "EchoTime": 95, "RepetitionTime": 9000,
              "InversionTime": 2500, "SeriesDescription": "t2_flair"},
    "T1": {"ScanningSequence": "SE", "EchoTime": 9, "RepetitionTime": 550,
           "SeriesDescription": "t1_se"},
    "T1ce": {"ScanningSequence": "SE", "EchoTime": 9, "RepetitionTime": 550,
             "ContrastBolusAgent": "Gadovist", "SeriesDescription": "t1_se_km"},
    "T2": {"ScanningSequence": "SE", "EchoTime": 95, "RepetitionTime": 5000,
           "SeriesDescription": "t2_tse"},
}  # fmt: skip
DEGREES, SHIFT_MM = 10.0, 15.0
AXES = ((1, 2), (0, 2), (0, 1))
"""Axes (S, P, L) of rows and columns of slices along each axis."""
BRIGHTEST = 4000
THICK = {"FLAIR": (3.0, 0), "T1": (1.0, 2), "T1ce": (1.0, 0), "T2": (4.0, 0)}
"""Sequence -> slice thickness in mm and the axis of its slices."""
NUMBERS = {name: number for number, name in enumerate(THICK, 2)}
COARSER = 2
"""Every second voxel of the case is used: a task of clicks, not of seconds."""


@dataclass(frozen=True, eq=False)
class Head:
    """A whole head of 1 mm; the brain is that of the case, voxel by voxel."""

    volumes: Mapping[str, Array]
    grid: Grid


def head_of(case: Case, random: np.random.Generator) -> Head:
    """The case in a head with skull, scalp, face and neck, made at 2 mm."""
    volumes, _ = in_head(dict(case.volumes), case.grid, random)
    padded = [np.pad(volume[::2, ::2, ::2], MARGIN) for volume in case.volumes.values()]
    brain = ndimage.binary_fill_holes(np.logical_or.reduce([volume > 0 for volume in padded]))
    levels = face_and_neck(np.pad(brain, BELOW), random)
    start = np.array([2 * (MARGIN + below) for below, _ in BELOW])
    own = np.logical_or.reduce([volume > 0 for volume in case.volumes.values()])
    own = ndimage.binary_fill_holes(own)
    there = tuple(slice(s, s + n) for s, n in zip(start, own.shape, strict=True))
    found = {}
    for name, volume in volumes.items():
        coarse = np.pad(volume, BELOW).astype(np.float32)
        median = np.median(coarse[np.pad(brain, BELOW)])
        grain = random.normal(1, 0.1, coarse.shape)
        coarse = np.where(coarse > 0, coarse, levels * median * grain).astype(np.float32)
        size = [max(2 * n, s + m) for n, s, m in zip(coarse.shape, start, own.shape, strict=True)]
        fine = np.zeros(size, np.float32)
        double = coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2)
        fine[tuple(slice(n) for n in double.shape)] = double
        fine[there] = np.where(own, case.volumes[name], fine[there])
        found[name] = fine
    origin = np.array(case.grid.origin) - start * np.array(case.grid.spacing)
    return Head(found, Grid(fine.shape, case.grid.spacing, tuple(origin)))


def random_pose(head: Head, random: np.random.Generator) -> Rigid:
    """How the head lies in a scan: turned and shifted a little."""
    middle = head.grid.world(np.array(head.grid.shape)[:, None] / 2)[:, 0]
    turn = np.radians(random.uniform(-DEGREES, DEGREES, 3))
    return Rigid.about(middle, turn, random.uniform(-SHIFT_MM, SHIFT_MM, 3) / np.sqrt(3))


def acquired(head: Head, name: str, pose: Rigid, thickness: float, axis: int) -> tuple[Array, Grid]:
    """The scan of a head in a pose: slices of ``thickness`` mm along ``axis``, each a mean."""
    spacing, shape = np.array(head.grid.spacing), np.array(head.grid.shape)
    size = spacing * shape
    spacing[axis] = thickness
    wanted = tuple(int(n) for n in size / spacing)
    layers = max(1, round(thickness))
    total = np.zeros(wanted, np.float32)
    for layer in range(layers):
        offset = np.zeros(3)
        offset[axis] = ((layer + 0.5) / layers - 0.5) * thickness
        grid = Grid(wanted, tuple(spacing), tuple(np.array(head.grid.origin) + offset))
        total += resample(
            head.volumes[name], head.grid, grid, order=1, fill=0, through=pose.inverse.matrix
        )
    return total / layers, Grid(wanted, tuple(spacing), head.grid.origin)


def write_series(folder: Path, number: int, name: str, array: Array, grid: Grid, axis: int) -> None:
    """Write a scan as single-frame MR images with slices along ``axis``."""
    rows, columns = AXES[axis]
    directions = np.eye(3)[::-1]  # of the axes S, P, L in LPS
    stack = np.moveaxis(array, axis, 0)
    stack = (stack * (BRIGHTEST / max(float(stack.max()), 1))).round().astype(np.uint16)
    series = generate_uid()
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(stack):
        place = np.array(grid.origin) + index * grid.spacing[axis] * np.eye(3)[axis]
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        values = {
            "SOPClassUID": MRImageStorage, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.7", "SeriesInstanceUID": series,
            "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.7.1", "SeriesNumber": number,
            "StudyDate": "20240105", "Modality": "MR", "AcquisitionTime": f"10{number:02d}00",
            "PatientName": "Quibblethorpe^Zebedee", "PatientID": "PX-774411",
            "ImageType": ["ORIGINAL", "PRIMARY", "M"], "InstanceNumber": index + 1,
            "Rows": image.shape[0], "Columns": image.shape[1],
            "PixelSpacing": [grid.spacing[rows], grid.spacing[columns]],
            "SliceThickness": grid.spacing[axis],
            "ImageOrientationPatient": [*directions[columns], *directions[rows]],
            "ImagePositionPatient": [f"{p:.4f}" for p in place[::-1]],
            "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0,
            "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
            "PixelData": np.ascontiguousarray(image).tobytes(),
        }  # fmt: skip
        for key, value in {**values, **TAGS[name]}.items():
            setattr(data, key, value)
        data.save_as(folder / f"{number}_{index:03d}", enforce_file_format=True)


def write_exam(path: Path, folder: Path, random: np.random.Generator) -> None:
    """The case in a head, as DICOM; every second voxel."""
    from shaspec.io import read_case
    from shaspec.task import load_task

    head = head_of(read_case(path, load_task("brats")), random)
    volumes = {n: v[::COARSER, ::COARSER, ::COARSER] for n, v in head.volumes.items()}
    spacing = tuple(COARSER * mm for mm in head.grid.spacing)
    head = Head(volumes, Grid(next(iter(volumes.values())).shape, spacing, head.grid.origin))
    for name, (thickness, axis) in THICK.items():
        pose = random_pose(head, random)
        array, grid = acquired(head, name, pose, max(thickness, COARSER), axis)
        write_series(folder, NUMBERS[name], name, array, grid, axis)
