"""The lesions of a region: connected parts with their size and two diameters.

The diameters follow the criteria of RANO (Wen et al., J Clin Oncol 2010, 28:1963; 2023, 41:5187):
the largest diameter on an axial slice, and the largest one perpendicular to it on the same slice.
Which lesions are target lesions is left to the reader.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.evaluation.lesions import components
from shaspec.evaluation.surfaces import Mask
from shaspec.geometry import Grid
from shaspec.measuring.diameters import Segment, outline
from shaspec.prediction import Prediction

Place = tuple[float, ...]

SMALLEST_ML = 0.05
"""Smaller lesions are not listed, as in the lesion-wise scores of BraTS."""
SMALLEST_PX = 50.0
"""The same for pictures, in pixels."""
MEASURABLE_MM = 10.0
"""Least length of both diameters of a measurable lesion."""
THICK_MM = 5.0
"""Slices thicker than this need twice their thickness instead."""
TILTED_DEGREES = 10.0
"""From this angle between the slices and the axial plane on, a note says so."""


@dataclass(frozen=True)
class Diameter:
    """A straight line from one side of a lesion to the other."""

    length: float
    """In mm, along the axes of the patient; pictures: in pixels."""
    ends: tuple[Place, Place]
    """In voxels of the array, (S, P, L) or (row, column)."""


@dataclass(frozen=True)
class Lesion:
    """A connected part of a region; voxels that share a face, an edge or a corner are connected."""

    number: int
    """1 for the largest."""
    size: float
    """In the unit of the grid: mL, or pixels."""
    voxels: int
    """Number of voxels."""
    slices: int
    """Number of axial slices that show it."""
    longest: Diameter
    """The largest diameter on any axial slice."""
    perpendicular: Diameter
    """The largest diameter perpendicular to it on the same slice."""
    measurable: bool
    """Both diameters are at least 10 mm (in slices thicker than 5 mm: twice the thickness), on at
    least two slices. False for pictures."""

    @property
    def product(self) -> float:
        """Product of the diameters in mm2; pictures: in square pixels."""
        return self.longest.length * self.perpendicular.length

    @property
    def slice(self) -> int:
        """The axial slice of the diameters, as index of the array; 0 for a picture."""
        place = self.longest.ends[0]
        return round(place[0]) if len(place) == 3 else 0


@dataclass(frozen=True)
class Measurements:
    """The lesions of one region in one result."""

    case: str
    """Name of the case."""
    title: str
    """`Prediction.title` of the result."""
    region: str
    """Name of the region."""
    unit: str
    """Unit of sizes: ``mL`` or ``px``."""
    lesions: tuple[Lesion, ...]
    """The largest first."""
    ignored: int
    """Number of smaller lesions, which are not listed."""
    smallest: float
    """The size of the smallest lesion that is listed, in ``unit``."""
    tilt: float
    """Angle in degrees between the slices and the axial plane."""

    @property
    def length_unit(self) -> str:
        """Unit of diameters: ``mm`` or ``px``."""
        return "mm" if self.unit == "mL" else "px"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know."""
        texts = []
        if self.ignored:
            parts = f"{self.ignored} part{'s' * (self.ignored != 1)}"
            less = f"smaller than {self.smallest:g} {self.unit}"
            texts.append(f"{self.region}: {parts} {less} not listed.")
        if self.tilt >= TILTED_DEGREES:
            texts.append(
                f"The slices are tilted by {self.tilt:.0f} degrees from the axial plane. Diameters "
                "are measured in the slices as they were acquired."
            )
        return tuple(texts)


def measure(prediction: Prediction, region: str, *, smallest: float | None = None) -> Measurements:
    """Measure the lesions of a region.

    Args:
        prediction: the result.
        region: name of a region of its task.
        smallest: size of the smallest lesion that is listed, in mL (pictures: pixels); default:
            0.05 mL or 50 pixels.

    Returns:
        Count, sizes and diameters.

    Raises:
        InputError: the task has no such region.
    """
    task, grid = prediction.task, prediction.grid
    if smallest is None:
        smallest = SMALLEST_ML if grid.dims == 3 else SMALLEST_PX
    mask = np.isin(prediction.labels, task.region(region).labels)
    parts, boxes = components(mask)
    counts = np.bincount(parts.ravel(), minlength=len(boxes) + 1)[1:]
    least = smallest / grid.voxel_size * (1 - 1e-9)
    listed = [k for k in np.argsort(-counts, kind="stable") if counts[k] >= least]
    lesions = []
    for number, k in enumerate(listed, 1):
        start = [side.start for side in boxes[k]]
        lesions.append(_lesion(number, parts[boxes[k]] == k + 1, start, grid))
    ignored = len(boxes) - len(listed)
    return Measurements(
        prediction.case, prediction.title, region, grid.unit, tuple(lesions), ignored, smallest,
        _tilt(grid),
    )  # fmt: skip


def _lesion(number: int, mask: Mask, start: list[int], grid: Grid) -> Lesion:
    """Measures one lesion; ``mask`` is its bounding box, which begins at voxel ``start``."""
    stack = mask if mask.ndim == 3 else mask[None]
    voxels, slices = int(stack.sum()), int(stack.any(axis=(1, 2)).sum())
    best = max(_pairs(stack, _plane(grid)), key=lambda pair: pair[0])
    at, longest, perpendicular = best[1:]

    def placed(segment: Segment) -> Diameter:
        first, second = (
            tuple(float(a + b) for a, b in zip([at, *end][-mask.ndim :], start, strict=True))
            for end in segment.ends
        )
        return Diameter(segment.length, (first, second))

    thickness = grid.spacing[0] if grid.dims == 3 else math.inf
    least = 2 * thickness if thickness > THICK_MM else MEASURABLE_MM
    measurable = slices >= 2 and perpendicular.length >= least - 1e-6
    size = voxels * grid.voxel_size
    return Lesion(number, size, voxels, slices, placed(longest), placed(perpendicular), measurable)


def _pairs(
    stack: Mask, to_mm: npt.NDArray[np.float64]
) -> Iterator[tuple[tuple[float, float, int], int, Segment, Segment]]:
    """Rank, slice and both diameters of the longest diameters of every slice.

    A lesion can have several parts in a slice, which are measured one by one. Of equally long
    diameters, the one with the longer perpendicular ranks first.
    """
    outlines = []
    for at, shape in enumerate(stack):
        parts, count = scipy.ndimage.label(shape, np.ones((3, 3)))
        for part in range(1, count + 1):
            curve = outline(parts == part, to_mm)
            outlines.append((at, curve, curve.longest()))
    most = max(pair[0].length for _, _, pair in outlines)
    for at, curve, pair in outlines:
        if pair[0].length >= most - 1e-6:
            for longest in pair:
                perpendicular = curve.perpendicular(longest)
                rank = (round(longest.length, 5), round(perpendicular.length, 5), -at)
                yield rank, at, longest, perpendicular


def _plane(grid: Grid) -> npt.NDArray[np.float64]:
    """(2, 2): voxels of an axial slice -> mm in its plane, also where its axes are sheared.

    With the QR decomposition of the two axes in space, R keeps their lengths and their angle.
    """
    matrix = grid.voxel_to_lps()[:-1, :-1]
    return np.asarray(np.linalg.qr(matrix[:, -2:])[1])


def _tilt(grid: Grid) -> float:
    """Angle in degrees between the slices and the axial plane; 0 for a picture."""
    if grid.dims != 3:
        return 0.0
    axes = grid.voxel_to_lps()[:3, :3]
    normal = np.cross(axes[:, 1], axes[:, 2])
    return math.degrees(math.acos(min(1.0, abs(float(normal[2])) / float(np.linalg.norm(normal)))))
