"""Check that the scans of a case are registered to each other.

A misregistered scan agrees better with the others after a move of some millimetres or degrees.
Agreement is measured by the normalised mutual information of Studholme et al. (1999), which does
not depend on the contrast of the scans: the sum of the entropies of two scans over their joint
entropy, minus 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.io.findings.coarse import Coarse, Mask
from shaspec.io.findings.scan import Array, Finding

Classes = npt.NDArray[np.int32]

SHIFT_MM = 6.0  # of a trial move along one axis
TURN = 8.0  # degrees, about one axis through the middle of the head
BINS = 16  # classes of intensity, of equal size
LEVELS = 255  # between the smallest and the largest intensity, for the classes
FEWEST = 1000  # smaller heads are not judged
BETTER = 1.05  # agreement after a move over agreement as given, with the outline of the head, and
BETTER_INSIDE = 1.35  # without it, which is noisier; see benchmarks/findings.py
GLANCE = 1200  # voxels sampled in a first pass, and
NEAR = 0.8  # the part of a limit from which on it is repeated with
POINTS = 10000
TOGETHER = 0.93  # share of overlap of the heads; of registered real cases at least .998
MEND = "register the scans with shaspec prepare, or leave this one out with --present"


def apart(case: Coarse) -> Iterator[Finding]:
    """Find a scan whose head lies elsewhere than in the other scans."""
    if case.task.anatomy != "brain" or len(case.scans) < 2:
        return
    name, share = _farthest(case.foregrounds)
    if share < TOGETHER:
        yield _apart(name, [other for other in case.scans if other != name], share)


def register(case: Coarse) -> Iterator[Finding]:
    """Find scans of a stripped head that are misregistered by about 8 mm or 10 degrees."""
    if case.task.anatomy != "brain" or len(case.scans) < 2:
        return
    places = np.flatnonzero(case.anywhere)
    if np.count_nonzero(case.interior) < FEWEST:
        return
    worst, gain = _worst(case, places, GLANCE)
    if gain > NEAR:
        worst, gain = _worst(case, places, POINTS)
    if gain > 1:
        yield _finding(worst, [name for name in case.scans if name != worst])


def _farthest(heads: Mapping[str, Mask]) -> tuple[str, float]:
    """The scan whose head overlaps least with those of all others, and the share that overlaps.

    The share is that of the smaller one, so that a scan may cover a part of the head only.
    """
    shares = {}
    for name, own in heads.items():
        others = np.logical_or.reduce([head for other, head in heads.items() if other != name])
        smaller = min(int(np.count_nonzero(own)), int(np.count_nonzero(others)))
        shares[name] = int(np.count_nonzero(own & others)) / max(1, smaller)
    name = min(shares, key=lambda name: shares[name])
    return name, shares[name]


def _apart(name: str, others: list[str], share: float) -> Finding:
    who = name if len(others) > 1 else f"{name} or {others[0]}"
    return Finding(
        "warning",
        f"only {share:.0%} of the head in {who} lies where it does in the "
        f"{'other scans' if len(others) > 1 else 'other scan'}, "
        "so they are not registered to each other, or of different patients",
        MEND,
    )


def _worst(case: Coarse, places: npt.NDArray[np.intp], most: int) -> tuple[str, float]:
    """The scan that gains most from a move, and the gain relative to the limit."""
    some = places[np.linspace(0, len(places) - 1, min(len(places), most)).astype(int)]
    voxels = np.stack(np.unravel_index(some, case.anywhere.shape), axis=1)
    moves = _moves(voxels, np.array(case.spacing))
    moved = np.stack([_flat(points, case.anywhere.shape) for points in moves])
    classes_of = {n: _classes(scan, case.foregrounds[n], moved) for n, scan in case.scans.items()}
    inside = case.interior.ravel()[some]
    limits = {name: gain / BETTER for name, gain in _gains(classes_of).items()}
    deep = _gains({name: classes[:, inside] for name, classes in classes_of.items()})
    limits = {name: max(limits[name], deep[name] / BETTER_INSIDE) for name in classes_of}
    worst = max(limits, key=lambda name: limits[name])
    return worst, limits[worst]


def _gains(found: Mapping[str, Classes]) -> dict[str, float]:
    """Modality -> best agreement with all others after a move, relative to the original position.

    ``found`` has a row of classes for every move, the first as given.
    """
    gains = {}
    for name, own in found.items():
        others = np.stack([scan[0] for other, scan in found.items() if other != name])
        agreement = _agreement(own, others).sum(axis=0)
        gains[name] = float(agreement[1:].max() / agreement[0]) if agreement[0] > 0 else 0.0
    return gains


def _finding(name: str, others: list[str]) -> Finding:
    several = len(others) > 1
    return Finding(
        "warning",
        f"{name if several else f'{name} or {others[0]}'} fits the other "
        f"{'scans ' if several else ''}better after a move of {SHIFT_MM:g} mm or {TURN:g} degrees, "
        "so they are probably not registered to each other, or of different patients",
        MEND,
    )


def _classes(scan: Array, inside: Mask, places: npt.NDArray[np.intp]) -> Classes:
    """Class of intensity at ``places`` (flat indices), 0 in the background."""
    sample = scan[::2, ::2, ::2][inside[::2, ::2, ::2]]
    if not sample.size:
        return inside.ravel()[places].astype(np.int32)
    low, high = float(sample.min()), float(sample.max())
    edges = np.quantile(sample, np.arange(1, BINS) / BINS)
    table = np.searchsorted(edges, np.linspace(low, high, LEVELS + 1)).astype(np.int32) + 1
    level = (scan.ravel()[places] - low) * (LEVELS / max(high - low, 1e-9))
    return np.where(inside.ravel()[places], table[np.clip(level, 0, LEVELS).astype(np.uint8)], 0)


def _moves(voxels: Array, spacing: Array) -> Iterator[Array]:
    """The points themselves, then shifted and rotated both ways along and about every axis."""
    yield voxels
    centre = voxels.mean(axis=0)
    for axis in np.eye(3):
        for sign in (-1, 1):
            yield voxels + sign * SHIFT_MM * axis / spacing
            turn = scipy.spatial.transform.Rotation.from_rotvec(sign * TURN * axis, degrees=True)
            yield turn.apply((voxels - centre) * spacing) / spacing + centre


def _flat(points: Array, shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """Flat index of the nearest voxel of every point (n, 3)."""
    nearest = np.rint(points).astype(np.intp).T
    return np.asarray(np.ravel_multi_index(tuple(nearest), shape, mode="clip"))


def _agreement(moved: Classes, others: Classes) -> npt.NDArray[np.float64]:
    """Normalised mutual information, minus 1, of each row of ``others`` (m, n) with each of
    ``moved`` (k, n): (m, k)."""
    n, pairs = BINS + 1, (len(others), len(moved))
    number = np.arange(math.prod(pairs)).reshape(*pairs, 1)
    index = (number * n + moved) * n + others[:, None]
    counts = np.bincount(index.ravel(), minlength=number.size * n * n)
    joint = counts.reshape(*pairs, n, n) / moved.shape[1]
    both = _entropy(joint.reshape(*pairs, -1))
    one, other = _entropy(joint.sum(axis=3)), _entropy(joint.sum(axis=2))
    return (one + other) / np.maximum(both, 1e-9) - 1


def _entropy(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Entropy along the last axis."""
    return np.asarray(-(share * np.log(share + (share == 0))).sum(axis=-1))
