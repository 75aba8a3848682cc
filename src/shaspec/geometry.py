"""Grids: from any NIfTI orientation to arrays (S, P, L) in LPS millimetres, and back.

Pictures have grids of two axes (row, column), measured in pixels; they have no orientation.

napari needs positive scales and no rotation (a raw sagittal affine aborts it), and a slice of an
(S, P, L) array with axis P down and axis L to the right is the radiological view.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError

Array = npt.NDArray[Any]
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
OBLIQUE_TOLERANCE = 1e-3  # sine of the angle below which a rotation is rounding (0.06 degrees)


@dataclass(frozen=True, eq=False)
class Grid:
    """The voxel grid of a volume in memory, axis order (S, P, L), and the file it came from.

    An oblique grid (`oblique`) is shown along its voxel axes, about its true centre. A
    picture has two axes, (row, column), measured in pixels.

    Raises:
        InputError: if shape, spacing and origin have different lengths.
    """

    shape: tuple[int, ...]
    """Voxels along (S, P, L), or pixels along (row, column)."""
    spacing: tuple[float, ...]
    """Voxel size in mm, (S, P, L), as napari's ``scale``; 1 for pixels."""
    origin: tuple[float, ...] = ()
    """Position of voxel (0, 0, 0) in LPS mm, in the order (S, P, L), as napari's ``translate``.
    Default: zeros."""
    source_affine: Array | None = None
    """Voxel (i, j, k) of the file -> RAS mm (4, 4), as nibabel gives it; None: no file."""
    source_shape: tuple[int, ...] | None = None
    """Array shape (i, j, k) in the file; None: no file."""
    header: bytes | None = field(default=None, repr=False)
    """NIfTI-1 header of the file (348 bytes), for qform, sform and their codes on export."""

    def __post_init__(self) -> None:
        if not self.origin:
            object.__setattr__(self, "origin", (0.0,) * len(self.shape))
        if not len(self.shape) == len(self.spacing) == len(self.origin):
            raise InputError(
                f"a grid of {len(self.shape)} axes with {len(self.spacing)} spacings and "
                f"{len(self.origin)} coordinates of its origin"
            )

    @classmethod
    def from_affine(
        cls, affine: Array, shape: tuple[int, ...], header: bytes | None = None
    ) -> Grid:
        """The grid of a file.

        Args:
            affine: (4, 4), voxel (i, j, k) -> RAS mm, as nibabel gives it.
            shape: array shape (i, j, k) in the file.
            header: the NIfTI-1 header (348 bytes), to be used on export.

        Returns:
            The grid of the array in the order (S, P, L).

        Raises:
            InputError: if the affine is not an invertible 4x4 matrix of finite numbers.
        """
        affine = np.asarray(affine, np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise InputError("the affine is not a 4x4 matrix of finite numbers")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise InputError("the affine is singular: two voxel axes point the same way")
        ornt = _to_lps(affine)
        # Affine of the array after it was flipped and permuted to (L, P, S): its columns are
        # near-diagonal.
        lps = RAS_TO_LPS @ affine @ _nibabel().inv_ornt_aff(ornt, shape)
        spacing = np.linalg.norm(lps[:3, :3], axis=0)
        new_shape = np.array([n for _, n in sorted(zip(ornt[:, 0], shape, strict=True))])
        centre = lps[:3, :3] @ ((new_shape - 1) / 2) + lps[:3, 3]
        origin = centre - spacing * (new_shape - 1) / 2
        if not np.any(np.abs(_cosines(lps) - np.eye(3)) > OBLIQUE_TOLERANCE):
            origin = lps[:3, 3]  # exact, no rounding through the centre
        return cls(
            shape=tuple(int(n) for n in new_shape[::-1]),
            spacing=tuple(float(v) for v in spacing[::-1]),
            origin=tuple(float(v) for v in origin[::-1]),
            source_affine=affine,
            source_shape=tuple(shape),
            header=header,
        )

    @property
    def dims(self) -> int:
        """3 for a volume, 2 for a picture."""
        return len(self.shape)

    @property
    def affine(self) -> Array:
        """Voxel (i, j, k) of the file -> RAS mm; without a file, the affine of a new LPS file.

        Raises `InputError` for a picture, which has no position in space.
        """
        if self.source_affine is not None:
            return self.source_affine
        if self.dims != 3:
            raise InputError("a picture has no position in space: save it as .png, not as NIfTI")
        affine = np.diag([*self.spacing[::-1], 1.0])
        affine[:3, 3] = self.origin[::-1]
        return np.asarray(RAS_TO_LPS @ affine)

    @cached_property
    def _orientation(self) -> Array:
        """How the axes of the file are flipped and permuted to (L, P, S), as nibabel writes it."""
        return _to_lps(self.affine)

    @property
    def file_shape(self) -> tuple[int, ...]:
        """Array shape (i, j, k) in the file."""
        return self.source_shape or self.shape[::-1]

    @property
    def oblique(self) -> bool:
        """Whether the axes of the file are rotated; the display then uses the voxel axes."""
        if self.source_affine is None:
            return False
        lps = RAS_TO_LPS @ self.affine @ _nibabel().inv_ornt_aff(self._orientation, self.file_shape)
        return bool(np.any(np.abs(_cosines(lps) - np.eye(3)) > OBLIQUE_TOLERANCE))

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing)) / 1000.0

    @property
    def voxel_size(self) -> float:
        """Size of one voxel in `unit`."""
        return self.voxel_ml if self.dims == 3 else 1.0

    @property
    def unit(self) -> str:
        """Unit of the size of a region: ``mL`` for volumes, ``px`` (pixels) for pictures."""
        return "mL" if self.dims == 3 else "px"

    def from_file(self, data: Array) -> Array:
        """An array in memory from one in the order of the file.

        Args:
            data: (i, j, k) as in the file.

        Returns:
            (S, P, L), a view without interpolation.
        """
        return np.asarray(_nibabel().apply_orientation(data, self._orientation)).transpose(2, 1, 0)

    def to_file(self, data: Array) -> Array:
        """An array in the order of the file; the exact inverse of `from_file`.

        Args:
            data: (S, P, L).

        Returns:
            (i, j, k) as in the file, a view without interpolation.
        """
        nibabel = _nibabel()
        back = nibabel.ornt_transform(
            nibabel.axcodes2ornt("LPS"), nibabel.io_orientation(self.affine)
        )
        return np.asarray(nibabel.apply_orientation(data.transpose(2, 1, 0), back))

    def matches(self, other: Grid, tolerance: float = 1e-2) -> bool:
        """Whether two grids have the same voxels at the same positions.

        Args:
            other: another grid.
            tolerance: largest distance at the corners, in voxels.

        Returns:
            True if shapes are equal and corners are within ``tolerance``.
        """
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(self.dims, -1)
        mine, theirs = (g.world(corners) for g in (self, other))
        return bool(np.abs(mine - theirs).max() <= tolerance * min(self.spacing))

    def blocks(self, start: Array, step: Array, shape: tuple[int, ...]) -> Grid:
        """A coarse grid of blocks of voxels; each block is centred on the voxels that it covers.

        Args:
            start: first voxel of the first block, (dims,), in voxels of this grid.
            step: size of a block, (dims,), in voxels of this grid.
            shape: number of blocks along each axis.

        Returns:
            The grid of the blocks. A map on it can be written to a file at the right position.
        """
        start, step = np.asarray(start, np.float64), np.asarray(step, np.float64)
        first = start + (step - 1) / 2
        spacing = tuple(float(v) for v in step * self.spacing)
        origin = tuple(float(v) for v in first * self.spacing + self.origin)
        if self.dims == 2:
            return Grid(shape, spacing, origin)
        into = np.eye(4)
        into[:3, :3], into[:3, 3] = np.diag(step), first
        backwards = np.eye(4)[[2, 1, 0, 3]]  # a file (l, p, s) -> (s, p, l)
        affine = RAS_TO_LPS @ self.voxel_to_lps() @ into @ backwards
        return Grid(shape, spacing, origin, affine, shape[::-1])

    def voxel_to_lps(self) -> Array:
        """The matrix from voxels to the world, rotation included.

        Returns:
            (4, 4), voxel (s, p, l) of the array -> (L, P, S) mm; for a picture (3, 3), pixel (row,
            column) -> (column, row).
        """
        if self.source_affine is None:  # nothing is turned
            matrix = np.diag([*self.spacing, 1.0])
            matrix[:-1, -1] = self.origin
            return matrix[[*range(self.dims)[::-1], self.dims]]
        lps = RAS_TO_LPS @ self.affine @ _nibabel().inv_ornt_aff(self._orientation, self.file_shape)
        swap = np.eye(4)[[2, 1, 0, 3]]
        return np.asarray(lps @ swap)

    def world(self, voxels: Array) -> Array:
        """World positions of voxels.

        Args:
            voxels: (3, n) voxel coordinates in the order (S, P, L).

        Returns:
            (3, n) positions (L, P, S) in mm; for a picture (2, n).
        """
        matrix = self.voxel_to_lps()
        return np.asarray(matrix[:-1, :-1] @ voxels + matrix[:-1, -1:])


def _nibabel() -> Any:
    """Imported when a file is read: an interface opens without it."""
    from nibabel import orientations

    return orientations


def _to_lps(affine: Array) -> Array:
    return _to_lps_of(np.asarray(affine, np.float64).tobytes())


@lru_cache(maxsize=64)  # the files of a case have the same affine
def _to_lps_of(affine: bytes) -> Array:
    nibabel = _nibabel()
    axes = nibabel.io_orientation(np.frombuffer(affine).reshape(4, 4))
    to_lps = np.asarray(nibabel.ornt_transform(axes, nibabel.axcodes2ornt("LPS")))
    to_lps.setflags(write=False)
    return to_lps


def _cosines(affine: Array) -> Array:
    matrix = affine[:3, :3]
    return np.asarray(matrix / np.linalg.norm(matrix, axis=0))
