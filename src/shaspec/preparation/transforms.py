"""``transforms.json``: where every scan of a prepared case came from, and how it was moved."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shaspec.errors import InputError, in_words
from shaspec.files.reading import read_json
from shaspec.files.writing import write_atomically
from shaspec.geometry import Array, Grid
from shaspec.io.header import FAR_MM, LIMIT, nonsense
from shaspec.registration import Registration, Rigid

NAME = "transforms.json"
SPACE = (
    "matrix: point (L, P, S) in mm of the reference to the same place of the head in the input; "
    "affine: voxel (i, j, k) of the input's file to (R, A, S) in mm"
)

Length = Annotated[int, Field(ge=1, le=32767)]
Row = tuple[float, float, float, float]
Matrix = tuple[Row, Row, Row, Row]


class _Input(BaseModel):
    """One scan as it was before preparation."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    shape: tuple[Length, Length, Length]
    affine: Matrix
    matrix: Matrix
    agreement_before: float
    agreement_after: float
    spread_mm: float
    distance_mm: float | None = None
    """How far the scan was moved; None: not known."""
    by_hand: bool = False


class BrainMask(BaseModel):
    """The mask with which the skull was stripped."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    file: str
    """Relative to the folder of the case; on the grid of the reference."""
    stripped: tuple[str, ...]
    """The modalities that it was applied to; the others had no skull."""
    ml: float
    """Volume in mL."""
    engine: str = ""
    """What found it: a key of `shaspec.stripping.engines.ENGINES`; empty: the mask was given."""


class _Content(BaseModel):
    """Content of the file."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    version: Literal[1] = 1
    space: str = SPACE
    reference: str
    inputs: dict[str, _Input]
    brain_mask: BrainMask | None = None


@dataclass(frozen=True, eq=False)
class Transforms:
    """The original grid of every modality, and its transform from the reference."""

    reference: str
    """The modality that was not moved."""
    grids: Mapping[str, Grid]
    """Modality -> grid of its file before preparation."""
    found: Mapping[str, Registration]
    """Modality -> its registration; the identity for the reference."""
    brain_mask: BrainMask | None = None
    """None: no scan was stripped."""

    def unmoved(self, modality: str) -> bool:
        """Whether the scan of a modality was passed on as it was."""
        return np.array_equal(self.found[modality].transform.matrix, np.eye(4))


def write_transforms(folder: Path, transforms: Transforms) -> Path:
    """Write ``transforms.json``.

    Args:
        folder: the folder of the prepared case.
        transforms: what to write.

    Returns:
        The path of the file. It has no names of files or patients.

    Raises:
        InputError: if it cannot be written.
    """
    inputs = {
        name: {
            "shape": list(grid.file_shape),
            "affine": grid.affine.tolist(),
            "matrix": transforms.found[name].transform.matrix.tolist(),
            "agreement_before": transforms.found[name].before,
            "agreement_after": transforms.found[name].after,
            "spread_mm": transforms.found[name].spread,
            "distance_mm": _known(transforms.found[name].distance),
            "by_hand": transforms.found[name].by_hand,
        }
        for name, grid in transforms.grids.items()
    }
    content = {"version": 1, "space": SPACE, "reference": transforms.reference, "inputs": inputs}
    if transforms.brain_mask:
        content["brain_mask"] = transforms.brain_mask.model_dump(mode="json")
    path = folder / NAME
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
    return path


def read_transforms(folder: Path) -> Transforms:
    """Read ``transforms.json``.

    Args:
        folder: the folder of a prepared case.

    Returns:
        The transforms.

    Raises:
        InputError: if the file is missing or was not written by `write_transforms`.
    """
    path = folder / NAME
    content = read_json(path)
    try:
        parsed = _Content.model_validate(content)
        if parsed.reference not in parsed.inputs:
            raise InputError(f"the reference {parsed.reference!r} is not one of its inputs")
        grids, entries = {}, {}
        for name, entry in parsed.inputs.items():
            grids[name] = _grid(entry)
            entries[name] = _registration(entry)
    except ValidationError as error:
        raise InputError(
            f"{path}: {in_words(error.errors(), 'keys')}; prepare the case again"
        ) from error
    except InputError as error:
        raise InputError(f"{path}: {error}; prepare the case again") from error
    return Transforms(parsed.reference, grids, entries, parsed.brain_mask)


def _registration(entry: _Input) -> Registration:
    """A scan with the identity was not moved, whatever the file says about its distance."""
    matrix = _array(entry.matrix)
    if np.abs(matrix[:3, 3]).max() > FAR_MM:
        raise InputError("a matrix moves the head by kilometres")
    distance = math.nan if entry.distance_mm is None else entry.distance_mm
    if np.array_equal(matrix, np.eye(4)):
        distance = 0.0
    return Registration(
        Rigid(matrix), entry.agreement_before, entry.agreement_after, distance,
        spread=entry.spread_mm, by_hand=entry.by_hand,
    )  # fmt: skip


def _known(millimetres: float) -> float | None:
    return None if math.isnan(millimetres) else millimetres


def _grid(entry: _Input) -> Grid:
    """The grid of an input, within the bounds of those that are read from volumes."""
    affine = _array(entry.affine)
    if why := nonsense(affine, 1.0):
        raise InputError(f"the affine {why}")
    if math.prod(entry.shape) > LIMIT:
        raise InputError(f"a grid of {' x '.join(map(str, entry.shape))} voxels")
    return Grid.from_affine(affine, entry.shape)


def _array(matrix: Matrix) -> Array:
    return np.array(matrix, np.float64)
