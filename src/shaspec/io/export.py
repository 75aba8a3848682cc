"""Write results and cases: NIfTI or 3D Slicer segmentations, PNG for pictures, CSV for classes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Image

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.tables import write_csv
from shaspec.files.writing import sweep, write_atomically
from shaspec.geometry import Grid
from shaspec.io import nifti
from shaspec.io.formats.table import SEGMENTATION
from shaspec.io.images import LABEL_ENDINGS, write_label_image
from shaspec.io.origin import Origin
from shaspec.io.segmentation_nrrd import is_segmentation, write_segmentation
from shaspec.task import Label

if TYPE_CHECKING:  # results call the functions of this module
    from shaspec.prediction import Classification, Prediction

CHANGES = ("edited", "thresholds")
"""Columns that describe how a result was changed after the run."""


def label_ending(grid: Grid) -> str:
    """The default ending of a label file on ``grid``."""
    return ".nii.gz" if grid.dims == 3 else ".png"


def label_endings(grid: Grid) -> tuple[str, ...]:
    """The endings that a label file on ``grid`` may have, in lower case."""
    return (*nifti.ENDINGS, SEGMENTATION) if grid.dims == 3 else LABEL_ENDINGS


def write_labels(
    path: str | Path,
    labels: npt.NDArray[Any],
    grid: Grid,
    names: Sequence[Label] = (),
    origin: Origin = Origin.LABELS,
) -> Path:
    """Write a label map.

    Args:
        path: ``.nii.gz`` or ``.nii``: in the orientation of the input file; ``.seg.nrrd``: with
            names, colours and meanings for 3D Slicer; ``.png`` for pictures.
        labels: (*spatial), integers from 0 to 255.
        grid: the grid of ``labels``.
        names: the labels of the task, for ``.seg.nrrd``.
        origin: noted in the file: an unedited result of a model is never read as a truth.

    Returns:
        ``path``.

    Raises:
        InputError: if the ending or the labels do not fit the grid, or the file cannot be
            written.
    """
    if grid.dims != 3:
        return write_label_image(path, labels, grid, origin)
    if is_segmentation(Path(path)):
        return write_segmentation(path, labels, grid, names, origin)
    return nifti.write_labels(path, labels, grid, origin)


def write_classes(path: str | Path, results: Sequence[Classification]) -> Path:
    """Write class probabilities as CSV, one row per model, subset and class.

    Args:
        path: a ``.csv`` file.
        results: one or more classifications.

    Returns:
        ``path``.

    Raises:
        InputError: for another ending, or if the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: probabilities are written as .csv; change the ending")
    lines = [
        {
            "case": result.case,
            "model": result.provenance.get("model", ""),
            "subset": result.task.subset_name(result.subset),
            "class": label.name,
            "title": label.title,
            "probability": float(probability),
        }
        for result in results
        for label, probability in result.ranked
    ]
    return write_csv(path, lines, ("case", "model", "subset", "class", "title", "probability"))


def write_sizes(path: str | Path, results: Sequence[Prediction]) -> Path:
    """Write region sizes as CSV, one row per subset and region.

    The size is in mL or pixels, 0 for an empty region. The column ``edited`` marks results that
    were edited by hand; ``thresholds`` lists thresholds other than 0.5.

    Args:
        path: a ``.csv`` file.
        results: one or more predictions on grids of one kind.

    Returns:
        ``path``.

    Raises:
        InputError: for another ending, or if the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: sizes are written as .csv; change the ending")
    unit = results[0].grid.unit.lower()
    lines = []
    for result in results:
        subset = result.task.subset_name(result.subset)
        changes = ("yes" if result.provenance.get("edited") else "no", result.threshold_text)
        for region, size in result.region_sizes().items():
            line = {"case": result.case, "subset": subset, "region": region, unit: f"{size:.4f}"}
            lines.append(line | dict(zip(CHANGES, changes, strict=True)))
    return write_csv(path, lines, ("case", "subset", "region", unit, *CHANGES))


def write_case(folder: str | Path, case: Case) -> list[Path]:
    """Write ``<name>_<modality>.nii.gz`` and, if there are labels, ``<name>_seg.nii.gz``.

    `shaspec.io.read_case` recognises these names.

    Args:
        folder: created if it does not exist.
        case: a case of volumes.

    Returns:
        The written paths.

    Raises:
        InputError: for a case of pictures, or if a file cannot be written.
    """
    if case.grid.dims != 3:
        raise InputError(f"case {case.name} contains pictures, which cannot be written as NIfTI")
    sweep(Path(folder))
    paths = case_paths(folder, case)
    for path, volume in zip(paths, case.volumes.values(), strict=False):
        write_volume(path, volume, case.grid)
    if case.labels is not None:
        write_labels(paths[-1], case.labels, case.grid)
    return paths


def case_paths(folder: str | Path, case: Case) -> list[Path]:
    """The files that `write_case` writes: one per modality, then that of the labels."""
    names = [
        *(name.lower() for name in case.volumes),
        *(["seg"] if case.labels is not None else []),
    ]
    return [Path(folder) / f"{case.name}_{name}.nii.gz" for name in names]


def write_volume(path: Path, volume: npt.NDArray[Any], grid: Grid) -> Path:
    """Write one volume (S, P, L) in its data type and the orientation of the input file."""
    image = Nifti1Image(np.ascontiguousarray(grid.to_file(volume)), grid.affine)
    image.header.set_xyzt_units("mm")
    data = image.to_bytes()
    # Level 1: the low bits of real volumes are noise, higher levels gain little.
    write_atomically(path, zlib.compress(data, 1, wbits=31) if path.suffix == ".gz" else data)
    return path
