"""Rigid transforms of space: a rotation and a shift, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from shaspec.errors import InputError

Array = npt.NDArray[np.float64]

RIGID_TOLERANCE = 1e-4  # by which a matrix may differ from a rotation and still be rounding


def _identity() -> Array:
    return np.eye(4)


@dataclass(frozen=True, eq=False)
class Rigid:
    """A rotation followed by a shift.

    Raises:
        InputError: if the matrix is not rigid, i.e. it scales, shears or mirrors.
    """

    matrix: Array = field(default_factory=_identity)
    """(4, 4), point (L, P, S) in mm -> point (L, P, S) in mm."""

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise InputError("a rigid transform is a 4x4 matrix of finite numbers")
        turn = matrix[:3, :3]
        rigid = np.allclose(turn @ turn.T, np.eye(3), atol=RIGID_TOLERANCE)
        if not rigid or np.linalg.det(turn) < 0 or not np.allclose(matrix[3], [0, 0, 0, 1]):
            raise InputError("the transform is not rigid: its matrix scales, shears or mirrors")
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def about(cls, centre: Any, rotation: Any, shift: Any) -> Rigid:
        """A rotation about a point, then a shift.

        Args:
            centre: (3,) point in mm that the rotation leaves in place.
            rotation: (3,) rotation vector in radians: axis times angle.
            shift: (3,) in mm.

        Returns:
            The transform.
        """
        centre, shift = np.asarray(centre, np.float64), np.asarray(shift, np.float64)
        matrix = np.eye(4)
        matrix[:3, :3] = Rotation.from_rotvec(rotation).as_matrix()
        matrix[:3, 3] = centre + shift - matrix[:3, :3] @ centre
        return cls(matrix)

    @property
    def angle(self) -> float:
        """Angle of the rotation in degrees, 0 to 180."""
        return float(np.degrees(Rotation.from_matrix(self.matrix[:3, :3]).magnitude()))

    def __call__(self, points: npt.NDArray[Any]) -> Array:
        """Transform points (3, n) in mm."""
        return np.asarray(self.matrix[:3, :3] @ points + self.matrix[:3, 3:])

    def __matmul__(self, first: Rigid) -> Rigid:
        """The transform that applies ``first``, then this one."""
        return Rigid(self.matrix @ first.matrix)

    @property
    def inverse(self) -> Rigid:
        """The transform that undoes this one."""
        turn = self.matrix[:3, :3].T
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = turn, -turn @ self.matrix[:3, 3]
        return Rigid(matrix)

    def halfway(self, other: Rigid, centre: npt.NDArray[Any]) -> Rigid:
        """The transform in the middle between two.

        Args:
            other: another transform.
            centre: (3,) point in mm, which is moved to the middle of its two places.

        Returns:
            The transform, with half of the rotation from this one to the other.
        """
        here, there = (
            self(np.reshape(centre, (3, 1)))[:, 0],
            other(np.reshape(centre, (3, 1)))[:, 0],
        )
        turn = Rotation.from_matrix((other.matrix @ self.inverse.matrix)[:3, :3]).as_rotvec()
        return Rigid.about(here, turn / 2, (there - here) / 2) @ self

    def apart(self, other: Rigid, points: npt.NDArray[Any]) -> float:
        """How far two transforms differ.

        Args:
            other: another transform.
            points: (3, n) in mm, where both are compared.

        Returns:
            The largest distance in mm between ``self(points)`` and ``other(points)``.
        """
        return float(np.linalg.norm(self(points) - other(points), axis=0).max())
