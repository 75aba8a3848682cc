"""Read the header of one DICOM file, without its pixels.

Attributes of enhanced (multi-frame) images are looked up in the functional groups too
(DICOM PS3.3, section C.7.6.16).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shaspec.dicom.dataset import DAMAGED, Opened, faults, read_dataset
from shaspec.dicom.other import DIRECTORY, Other, kind_of
from shaspec.dicom.patient import TAGS as PATIENT
from shaspec.dicom.patient import Words, words_of
from shaspec.dicom.pixels import pixel_problem
from shaspec.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

IMAGES = {
    f"1.2.840.10008.5.1.4.1.1.{code}" for code in ("4", "4.1", "4.4", "2", "2.1", "128", "130")
}
"""SOP classes of MR, CT and PET images."""
MOST_FRAMES = 20_000
MOST_LETTERS = 1000
"""Of a description; the standard allows 64."""
TAGS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
    "SeriesDescription", "ProtocolName", "StudyDate", "AcquisitionTime", "AcquisitionDateTime",
    "Modality", *PATIENT, "ImageType", "PhotometricInterpretation", "RescaleSlope",
    "RescaleIntercept",
    "ScanningSequence", "SequenceName", "PulseSequenceName", "AcquisitionContrast", "AngioFlag",
    "ContrastBolusAgent", "ContrastBolusAgentSequence", "EchoTime", "RepetitionTime",
    "InversionTime", "DiffusionBValue", "Rows", "Columns", "PixelSpacing", "BitsAllocated",
    "SamplesPerPixel", "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient",
    "ImagesInAcquisition", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Header:
    """What the header of one file says. Times are in milliseconds, lengths in mm, axes in LPS."""

    path: Path
    instance: str
    series: str
    study: str
    patient: tuple[str, str, str] = field(repr=False)
    """ID, name and birth date: to tell patients apart, and to keep them out of texts."""
    words: Words = field(repr=False)
    """What identifies the patient."""
    number: int | None
    description: str = field(repr=False)
    """As written, so it may contain the name of the patient."""
    date: str
    time: str
    modality: str
    image_type: tuple[str, ...]
    sequence: tuple[str, ...]
    """``SE``, ``GR``, ``IR`` or ``EP``; several if the sequence is a combination."""
    sequence_name: str
    contrast: str
    """Acquisition contrast of an enhanced image, e.g. ``FLUID_ATTENUATED``."""
    agent: str
    angiography: bool
    diffusion: bool
    echo: float | None
    repetition: float | None
    inversion: float | None
    shape: tuple[int, int]
    """Rows and columns."""
    spacing: tuple[float, float]
    """Between rows and between columns; zeros if the header does not say."""
    positions: npt.NDArray[np.float64]
    """Centre of the first voxel of every frame, (frames, 3); NaN if the header does not say."""
    axes: npt.NDArray[np.float64]
    """Directions of increasing column and row index of every frame, (frames, 6)."""
    expected: int
    """Number of images of the acquisition according to the header; 0: it does not say."""
    pixels: str
    """Why its pixels cannot be used; empty if they can."""


def read_header(path: Path) -> Header | Other | None:
    """Read one file; None for a directory of files.

    Raises:
        InputError: if pydicom is not installed or the file is damaged. The message has no path, as
            it may contain the name of a patient.
    """
    opened = read_dataset(path, TAGS)
    dataset = opened.dataset
    with faults():
        sop_class = str(_get(dataset, "SOPClassUID") or "")
        if sop_class in IMAGES:
            return _header(path, dataset, opened)
        if str(dataset.file_meta.get("MediaStorageSOPClassUID")) == DIRECTORY:
            return None
        if "SeriesInstanceUID" in dataset:
            return _other(dataset, sop_class)
    raise InputError(DAMAGED if opened.marked else "is not a DICOM file")


def _other(found: Dataset, sop_class: str) -> Other:
    return Other(
        study=_text(_get(found, "StudyInstanceUID")),
        series=_text(_get(found, "SeriesInstanceUID")),
        number=_whole(_get(found, "SeriesNumber")),
        description=_described(found),
        kind=kind_of(sop_class),
        words=words_of(found),
    )


def _header(path: Path, found: Dataset, opened: Opened) -> Header:
    agent = _text(_first(found, "ContrastBolusAgent"))
    if not agent and found.get("ContrastBolusAgentSequence"):
        agent = "recorded"
    positions, axes = _frames(found)
    shape = (int(_get(found, "Rows") or 0), int(_get(found, "Columns") or 0))
    if 0 in shape:  # cut off within the header, so that even the series may be a wrong one
        raise ValueError("size of the image")
    rescale = (_first(found, "RescaleSlope"), _first(found, "RescaleIntercept"))
    spacing = _numbers(_first(found, "PixelSpacing"), 2)
    return Header(
        path=path,
        instance=_text(_get(found, "SOPInstanceUID")),
        series=_text(found.SeriesInstanceUID),
        study=_text(_get(found, "StudyInstanceUID")),
        patient=(
            _text(_get(found, "PatientID")),
            _text(_get(found, "PatientName")),
            _text(_get(found, "PatientBirthDate")),
        ),
        words=words_of(found),
        number=_whole(_get(found, "SeriesNumber")),
        description=_described(found),
        date=_text(_get(found, "StudyDate")),
        time=_text(_get(found, "AcquisitionTime") or _get(found, "AcquisitionDateTime")),
        modality=_text(_get(found, "Modality")),
        image_type=_texts(_get(found, "ImageType")),
        sequence=_texts(_first(found, "ScanningSequence")),
        sequence_name=_text(_get(found, "SequenceName") or _get(found, "PulseSequenceName")),
        contrast=_text(_first(found, "AcquisitionContrast")).upper(),
        agent="" if agent.lower() in ("no", "none", "n", "0", "without") else agent,
        angiography=_text(_get(found, "AngioFlag")).upper() == "Y",
        diffusion=bool(_number(_first(found, "DiffusionBValue"))),
        echo=_number(_first(found, "EffectiveEchoTime") or _first(found, "EchoTime")),
        repetition=_number(_first(found, "RepetitionTime")),
        inversion=_number(_first(found, "InversionTime") or _first(found, "InversionTimes")),
        shape=shape,
        spacing=(float(spacing[0]), float(spacing[1])),
        positions=positions,
        axes=axes,
        expected=int(_get(found, "ImagesInAcquisition") or 0),
        pixels=pixel_problem(opened, rescale, len(positions)),
    )


def _described(found: Dataset) -> str:
    """The description of the series, or its protocol, in at most `MOST_LETTERS` letters."""
    return _text(_get(found, "SeriesDescription") or _get(found, "ProtocolName"))[:MOST_LETTERS]


def _frames(found: Dataset) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Position and axes of every frame."""
    groups = list(_get(found, "PerFrameFunctionalGroupsSequence") or [found])
    count = int(_get(found, "NumberOfFrames") or 1)
    if count != len(groups) or count > MOST_FRAMES:
        raise ValueError("number of frames")
    shared = list(_get(found, "SharedFunctionalGroupsSequence") or [])
    positions, axes = [], []
    for group in groups:
        places = [group, *shared, found]
        positions.append(_numbers(_among(places, "ImagePositionPatient"), 3))
        axes.append(_numbers(_among(places, "ImageOrientationPatient"), 6))
    return np.array(positions), np.array(axes)


def _first(found: Dataset, keyword: str) -> Any:
    """An attribute of the image, or of its shared or first functional groups."""
    shared = list(_get(found, "SharedFunctionalGroupsSequence") or [])
    frames = list(_get(found, "PerFrameFunctionalGroupsSequence") or [])[:1]
    return _among([found, *shared, *frames], keyword)


def _among(places: Sequence[Dataset], keyword: str) -> Any:
    """The first value of an attribute in the data sets, or one level below them."""
    for place in places:
        for level in (place, *_inside(place)):
            value = _get(level, keyword)
            if value is not None and value != "":
                return value
    return None


def _inside(group: Dataset) -> Iterator[Dataset]:
    if "Rows" in group:  # the image itself: its functional groups are searched by the caller
        return
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _get(found: Dataset, keyword: str) -> Any:
    return found.get(keyword)


def _text(value: Any) -> str:
    return one_line("" if value is None else str(value))


def one_line(text: str) -> str:
    """``text`` in one line of printable characters: terminals and windows obey others."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _whole(value: Any) -> int | None:
    """A number of a series; None if it is not a number."""
    try:
        return None if value is None else int(float(str(value)))
    except (ValueError, OverflowError):
        return None


def _texts(value: Any) -> tuple[str, ...]:
    """The words of an attribute with one or several values, in capitals."""
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, str) else list(value)
    return tuple(str(word).strip().upper() for word in values)


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return None
    values = value if isinstance(value, list | tuple) or hasattr(value, "__iter__") else [value]
    return next((float(v) for v in values if np.isfinite(float(v))), None)


def _numbers(value: Any, count: int) -> npt.NDArray[np.float64]:
    """``count`` numbers; NaN if the attribute is missing."""
    if value is None or value == "":
        return np.full(count, np.nan)
    numbers = np.array([float(v) for v in value])
    if numbers.shape != (count,):
        raise ValueError("number of values")
    return numbers
