"""Rigid registration of one scan to another, of any contrast, with a check of the result.

Normalised mutual information is maximised by Powell's method, from coarse to fine. The coarse level
begins from many poses, because a single one finds the head only within about 15 degrees. The last
level runs twice, from different points and poses: the result is the middle of both, and how far
they lie apart says how far it can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.spatial.transform import Rotation

from shaspec.progress import Report, silent
from shaspec.registration.agreement import Agreement
from shaspec.registration.level import Scan, Smooth, agreement
from shaspec.registration.rigid import Rigid

Array = npt.NDArray[np.float64]

ARM_MM = 60.0  # distance from the centre at which a rotation moves by one unit of a parameter
COARSE, MIDDLE, FINE, FINEST = 8.0, 4.0, 2.0, 1.0  # voxel sizes of the levels, mm
POINTS = {COARSE: 4000, MIDDLE: 12000, FINE: 30000, FINEST: 30000}
TURNS = (-30.0, -15.0, 0.0, 15.0, 30.0)  # degrees about each axis, of the poses to begin from
KEPT = 4  # of them, which are refined at the coarse level
LEFT_ALONE_MM = 1.0  # scans no further apart are registered: it is the error that is aimed at
SPREAD_MM = 1.5  # results of the two last runs that lie further apart are doubtful
STEP_MM = 3.0  # how far from the result the second run begins


@dataclass(frozen=True, eq=False)
class Registration:
    """How a moving scan lies to a fixed one."""

    transform: Rigid
    """Point (L, P, S) in mm of the fixed scan -> the same place of the head in the moving scan."""
    before: float
    """Agreement of the scans as their headers say, from 0 to 1."""
    after: float
    """Agreement after registration."""
    distance: float
    """How far the head moves, in mm: the largest distance among points of the head; NaN: not known,
    of a file of version 0.2."""
    spread: float
    """How far two independent runs lie apart, in mm."""
    by_hand: bool = False
    """Whether a user has placed the scan."""

    @property
    def already(self) -> bool:
        """True if the scans were registered as they are: the transform is the identity."""
        return self.distance == 0

    @property
    def doubtful(self) -> bool:
        """True if the result is not to be used without a look at it."""
        return self.spread > SPREAD_MM and not self.by_hand

    @property
    def unchecked(self) -> bool:
        """True if the scan is moved, and no user has placed it."""
        return not self.already and not self.by_hand

    @property
    def _moved(self) -> str:
        return "" if math.isnan(self.distance) else f"moved by up to {self.distance:.1f} mm, "

    def __str__(self) -> str:
        if self.already:
            return "already registered"
        if self.by_hand:
            return f"placed by hand: {self._moved}rotated by {self.transform.angle:.1f} degrees"
        doubt = ", DOUBTFUL: check the overlay" if self.doubtful else ""
        return (
            f"{self._moved}rotated by {self.transform.angle:.1f} degrees "
            f"(agreement {self.before:.3f} to {self.after:.3f}, two runs {self.spread:.1f} mm "
            f"apart{doubt})"
        )


def register(fixed: Scan, moving: Scan, *, progress: Report = silent) -> Registration:
    """Find where a scan lies relative to another one of the same head.

    Args:
        fixed: the reference.
        moving: the scan to register, of any contrast, resolution and orientation. It may cover a
            part of the head only.
        progress: called with ``done``, ``total`` and the stage. An exception raised there cancels
            the work.

    Returns:
        The transform from the fixed to the moving scan, and how good it is.

    Raises:
        InputError: if one of the scans shows too little.
    """
    stages = iter(range(1, 7))

    def tell(text: str) -> None:
        progress(next(stages), 6, text)

    tell("searching for the pose")
    transform = _search(Smooth.of(fixed, COARSE), Smooth.of(moving, COARSE))
    for size, tolerance in ((MIDDLE, 0.1), (FINE, 0.05)):
        tell(f"registering at {size:g} mm")
        parts = Smooth.of(fixed, size), Smooth.of(moving, size)
        centre = parts[0].centre
        measure = agreement(*parts, POINTS[size])
        transform = _best(measure, transform, centre, tolerance)
    tell(f"registering at {FINEST:g} mm")
    parts = Smooth.of(fixed, FINEST), Smooth.of(moving, FINEST)
    first, second = (agreement(*parts, POINTS[FINEST], seed) for seed in (1, 2))
    one = _best(first, transform, centre, 0.02)
    tell("checking the result")
    other = _best(second, _aside(one, centre), centre, 0.02)
    head = _corners(parts[0])
    transform = one.halfway(other, centre)
    before, after = first(Rigid()), first(transform)
    distance, spread = transform.apart(Rigid(), head), one.apart(other, head)
    tell("done")
    if before > 0 and distance <= LEFT_ALONE_MM:
        return Registration(Rigid(), before, before, 0.0, spread)
    return Registration(transform, before, after, distance, spread)


def _search(fixed: Smooth, moving: Smooth) -> Rigid:
    """The pose with the best agreement at the coarse level."""
    measure = agreement(fixed, moving, POINTS[COARSE])
    poses = sorted(_poses(fixed.centre, moving.centre), key=measure, reverse=True)[:KEPT]
    refined = [_best(measure, pose, fixed.centre, 0.5) for pose in (Rigid(), *poses)]
    return max(refined, key=measure)


def _poses(fixed: Array, moving: Array) -> Iterator[Rigid]:
    """As the headers say and with the middles of the heads together, each turned in many ways."""
    for angles in product(TURNS, repeat=3):
        vector = Rotation.from_euler("xyz", angles, degrees=True).as_rotvec()
        for shift in (np.zeros(3), moving - fixed):
            yield Rigid.about(fixed, vector, shift)


def _best(measure: Agreement, start: Rigid, centre: Array, tolerance: float) -> Rigid:
    """The transform near ``start`` with the best agreement, to about ``tolerance`` mm."""

    def transform(p: Array) -> Rigid:
        return start @ Rigid.about(centre, p[:3] / ARM_MM, p[3:])

    best = optimize.minimize(
        lambda p: -measure(transform(p)), np.zeros(6), method="Powell",
        options={"xtol": tolerance, "ftol": 1e-5, "direc": np.eye(6) * 2, "maxiter": 20},
    )  # fmt: skip
    return transform(np.asarray(best.x))


def _aside(transform: Rigid, centre: Array) -> Rigid:
    """A pose some millimetres from ``transform`` in every parameter."""
    step = STEP_MM * np.array([1, -1, 1, -1, 1, -1]) / 2
    return transform @ Rigid.about(centre, step[:3] / ARM_MM, step[3:])


def _corners(scan: Smooth) -> Array:
    corners = head_corners(np.argwhere(scan.inside))
    return np.asarray(scan.to_world[:3, :3] @ corners + scan.to_world[:3, 3:])


def head_corners(voxels: npt.NDArray[Any]) -> Array:
    """The corners of the smallest box around the head, moved inwards to its surface.

    Args:
        voxels: (n, 3), those of the head.

    Returns:
        (3, 8), voxels.
    """
    low, high = np.percentile(voxels, [5, 95], axis=0)
    return np.array(list(product(*zip(low, high, strict=True)))).T
