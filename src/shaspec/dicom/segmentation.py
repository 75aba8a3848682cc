"""DICOM SEG: the labels of a volume as segments of the series on which they were made.

The file takes patient, study and frame of reference from the images of the series: a viewer needs
them to show the segments there (DICOM PS3.3, A.51). It is written by highdicom.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shaspec import __version__
from shaspec.dicom.back import Prepared, beside, way_back
from shaspec.dicom.dataset import faults, read_dataset
from shaspec.dicom.series import Series, Study
from shaspec.dicom.stack import choose_series, label_of, on_series
from shaspec.errors import InputError
from shaspec.files.writing import make_folder, write_atomically
from shaspec.io.model_results import is_unedited_result
from shaspec.io.origin import marked_checksum, says_edited
from shaspec.io.outputs import check_output
from shaspec.io.schemes import label_values, to_task_labels
from shaspec.io.terminology import Code, term_of
from shaspec.io.truth_file import read_truth
from shaspec.io.volumes import Volume
from shaspec.task import Label, Task

if TYPE_CHECKING:
    from pydicom import Dataset

MISSING = "writing DICOM SEG needs highdicom: pip install shaspec[dicom]"
ENDINGS = (".dcm",)
MAY_BE_EMPTY = (
    "AccessionNumber", "PatientBirthDate", "PatientID", "PatientName", "PatientSex",
    "ReferringPhysicianName", "StudyDate", "StudyID", "StudyTime",
)  # fmt: skip
"""Attributes of type 2 (DICOM PS3.5, 7.4.3), which anonymised files may lack."""
SERIES_NUMBER = 9000  # added to that of the source, so that it is listed behind all images


@dataclass(frozen=True)
class Written:
    """A DICOM SEG that was written."""

    path: Path
    """The ``.dcm`` file."""
    series: str
    """Number of the series to which it refers."""
    notices: tuple[str, ...]
    """What a user should know, e.g. that the labels were resampled."""


def write_segmentation(
    labels: Path,
    study: Study,
    task: Task,
    out: Path,
    *,
    series: str = "",
    prepared: Prepared | None = None,
    scheme: str | None = None,
    model: str = "",
    edited: bool = False,
    overwrite: bool = False,
) -> Written:
    """Write a label map as DICOM SEG.

    Args:
        labels: file of the label map, on any grid in the space of the series.
        study: from `shaspec.dicom.read_studies`.
        task: names, colours and SNOMED CT codes of the labels.
        out: a ``.dcm`` file.
        series: number of the series on which the labels were made; default: the one whose grid
            they have.
        prepared: the case of `shaspec.preparation.prepare` that the labels are of: they are moved
            back to the series; default: the one in whose folder they are.
        scheme: label convention of the file; see `shaspec.read_case`.
        model: name of the model, for the algorithm of the segments.
        edited: whether the labels were corrected by hand: *semi-automatic*. Results that were
            corrected are recognised.
        overwrite: replace ``out``.

    Returns:
        The path, the series and notices, e.g. that the labels were resampled.

    Raises:
        InputError: if highdicom is not installed, a file cannot be read or written, the series is
            open, or labels would be lost on it.
    """
    _require_library()
    read = [header.path for each in study.series for header in each.headers]
    check_output(out, [labels, *read], overwrite=overwrite, keep_own=True, endings=ENDINGS)
    make_folder(out.parent)
    volume = read_truth(labels)
    if not volume.oriented:
        raise InputError(
            f"{labels}: does not say how it lies in space; write the labels as NIfTI with the "
            "position of the scan"
        )
    array, told = _in_codes_of(task, volume, labels, scheme)
    chosen = choose_series(volume.grid, study, series, labels)
    prepared = prepared or beside(labels)
    through = way_back(prepared, volume.grid, chosen, study, task, labels) if prepared else None
    stack, notices = on_series(volume, array, chosen, task, labels, through)
    try:
        sources = [_image(path) for path in dict.fromkeys(h.path for h in chosen.headers)]
    except InputError as error:
        raise InputError(f"{chosen.title}: {error}") from error
    edited = edited or (_is_result(labels) and not is_unedited_result(labels))
    data = _segmentation(sources, stack, chosen, task, model, edited)
    write_atomically(out, data)
    return Written(out, chosen.key, (told, *notices))


def _in_codes_of(
    task: Task, volume: Volume, labels: Path, scheme: str | None
) -> tuple[npt.NDArray[np.uint8], str]:
    """The labels in the codes of the task, and how they were read."""
    values = set(label_values(volume.array, str(labels))) - {0}
    if not scheme and _is_result(labels) and values <= {label.value for label in task.labels}:
        codes = ", ".join(f"{label.value} {label.name}" for label in task.labels)
        array = np.rint(volume.array).astype(np.uint8)
        return array, f"labels read as {codes}: the file is a result of this program"
    array, reading = to_task_labels(volume.array, task, str(labels), [labels.name], scheme)
    return array, reading.notice


def _is_result(labels: Path) -> bool:
    """True for a result of a model, edited or not."""
    return bool(marked_checksum(labels)) or says_edited(labels)


def _require_library() -> None:
    try:
        import highdicom  # noqa: F401
    except ImportError:
        raise InputError(MISSING) from None


def _image(path: Path) -> Dataset:
    """The header of an image, with the attributes that every image must have, if only empty."""
    image = read_dataset(path).dataset
    with faults():
        for name in MAY_BE_EMPTY:
            if name not in image:
                setattr(image, name, "")
    return image


def _segmentation(
    sources: Sequence[Dataset],
    stack: npt.NDArray[np.uint8],
    series: Series,
    task: Task,
    model: str,
    edited: bool,
) -> bytes:
    """The file; ``stack`` as from `on_series`."""
    import highdicom
    from pydicom.uid import generate_uid

    values = [int(value) for value in np.unique(stack) if value]
    numbers = np.zeros(256, np.uint8)
    numbers[values] = range(1, len(values) + 1)
    segments = [
        _segment(number, label_of(task, value), model, edited)
        for number, value in enumerate(values, 1)
    ]
    damaged = (
        f"{series.title}: its headers cannot be referenced by a DICOM SEG; export the series again "
        "from the archive"
    )
    with faults(damaged):
        made = highdicom.seg.Segmentation(
            source_images=sources,
            pixel_array=numbers[_as_frames(stack, series)],
            segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=segments,
            series_instance_uid=generate_uid(),
            series_number=SERIES_NUMBER + (series.first.number or 0),
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="napari-shaspec",
            manufacturer_model_name=model or "labels",
            software_versions=__version__,
            device_serial_number="0",
            content_label="SEGMENTATION",
            content_description="Labels of ShaSpec, for research use only",
            series_description=f"ShaSpec labels on series {series.key}",
        )
        data = io.BytesIO()
        made.save_as(data, enforce_file_format=True)
    return data.getvalue()


def _as_frames(stack: npt.NDArray[np.uint8], series: Series) -> npt.NDArray[np.uint8]:
    """The slices in the order of the images, or frames, of the series."""
    axes = series.first.axes[0]
    normal = np.cross(axes[:3], axes[3:])
    along = np.concatenate([header.positions for header in series.headers]) @ normal
    place = np.empty(len(along), np.intp)
    place[np.argsort(along)] = np.arange(len(along))
    return stack[place]


def _segment(number: int, label: Label, model: str, edited: bool) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    term = term_of(label)
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name=model or "unknown", family=codes.DCM.ArtificialIntelligence, version=__version__
    )
    red, green, blue = (int(label.colour[k : k + 2], 16) for k in (1, 3, 5))
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=label.name,
        segmented_property_category=_code(term.category),
        segmented_property_type=_code(term.type),
        algorithm_type="SEMIAUTOMATIC" if edited else "AUTOMATIC",
        algorithm_identification=algorithm,
        anatomic_regions=[_code(term.region)] if term.region else None,
        display_color=highdicom.color.CIELabColor.from_rgb(red, green, blue),
    )


def _code(code: Code) -> Any:
    import highdicom

    return highdicom.sr.CodedConcept(code.value, "SCT", code.meaning)
