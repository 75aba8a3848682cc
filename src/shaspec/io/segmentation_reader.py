"""Read ``.seg.nrrd``, the segmentations of 3D Slicer, e.g. results corrected there.

Slicer crops a segmentation to its bounding box, and puts overlapping segments on separate layers
along an additional first dimension. The fields are those of its developer guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.formats.nrrd_file import read_nrrd_header
from shaspec.io.formats.table import SEGMENTATION
from shaspec.io.segmentation_nrrd import in_ascii, is_segmentation
from shaspec.task import Task

MOST = 255  # segments in one file


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Segments on a grid of their own."""

    array: npt.NDArray[np.uint8]
    """(S, P, L): the number of a segment, from 1; 0 is background."""
    names: tuple[str, ...]
    """Codes of segment 1, 2 and so on."""
    grid: Grid
    notices: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    """What the file stores for segment 1, 2 and so on."""

    @property
    def stored(self) -> npt.NDArray[np.uint8]:
        """(S, P, L): the stored value of a segment; its number where segments share a value."""
        return np.array((0, *self.told), np.uint8)[self.array]

    @property
    def told(self) -> tuple[int, ...]:
        """The values of `stored`, in the order of the segments."""
        alone = len(set(self.values)) == len(self.values) and max(self.values, default=0) <= MOST
        return self.values if alone else tuple(range(1, len(self.names) + 1))

    def in_codes(self, task: Task) -> npt.NDArray[np.uint8] | None:
        """(S, P, L) in the codes of ``task``; None if it does not define every segment."""
        codes = [_code(name, task) for name in self.names]
        sources = [0, *(code for code in codes if code is not None)]
        return np.array(sources, np.uint8)[self.array] if len(sources) == len(codes) + 1 else None


def read_segmentation(path: str | Path) -> Segmentation:
    """Read a segmentation of 3D Slicer; raises `InputError` naming the file and what to do."""
    path = Path(path)
    if not is_segmentation(path):
        raise InputError(
            f"{path}: segmentations end in {SEGMENTATION}; change the ending if it is one"
        )
    nrrd_header = read_nrrd_header(path)
    if not nrrd_header.header.oriented:
        raise InputError(f"{path}: has no position in the patient; save it again")
    if nrrd_header.header.dtype.kind not in "iu":
        raise InputError(
            f"{path}: contains {nrrd_header.header.dtype.name}, not whole numbers; save it again"
        )
    layers = nrrd_header.voxels()
    layers = layers[None] if nrrd_header.list_axis is None else layers
    try:
        grid = Grid.from_affine(nrrd_header.header.affine, layers.shape[1:])
        return _segments(layers, nrrd_header.fields, grid, path)
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"{path}: is not a readable segmentation ({error})") from error


def _segments(
    layers: npt.NDArray[Any], header: dict[str, Any], grid: Grid, path: Path
) -> Segmentation:
    """The segments in their order; later ones cover earlier ones."""
    numbers = sorted(int(m[1]) for key in header if (m := re.fullmatch(r"Segment(\d+)_ID", key)))
    if not 0 < len(numbers) <= MOST:
        raise InputError(f"{path}: has {len(numbers)} segments; 1 to {MOST} can be shown")
    voxels = np.zeros(layers.shape[1:], np.uint8)
    names, values, hidden = [], [], False
    for count, number in enumerate(numbers, 1):
        value = int(header.get(f"Segment{number}_LabelValue", number + 1))
        mask = layers[int(header.get(f"Segment{number}_Layer", 0))] == value
        hidden |= bool(voxels[mask].any())
        voxels[mask] = count
        values.append(value)
        names.append(str(header.get(f"Segment{number}_Name", f"segment {count}")))
    notices = ("segments overlap; the last one is shown",) if hidden else ()
    return Segmentation(grid.from_file(voxels), tuple(names), grid, notices, tuple(values))


def _code(name: str, task: Task) -> int | None:
    """The value of the label that names a segment; unnamed ones are written as ``label 9``."""
    for label in task.labels:
        names = {label.name.lower(), label.title.lower()}
        spelled = {in_ascii(text) for text in names} - {""}
        if name.strip().lower() in names | spelled:
            return label.value
    numbered = re.fullmatch(r"label (\d{1,3})", name)
    return int(numbered[1]) if numbered and int(numbered[1]) <= 255 else None
