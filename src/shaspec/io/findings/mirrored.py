"""Whether a scan is mirrored, left for right, against the others of its case.

Voxels that a tool has flipped under an unchanged header lie in the same head, so neither position
nor outline tells. The edges inside the head do: the halves of a brain, and a lesion, are not alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from shaspec.io.findings.coarse import Coarse, Mask
from shaspec.io.findings.scan import Array, Finding

FEWEST = 1000  # voxels; a smaller head says nothing
BETTER = 0.03  # by which edges agree better after mirroring; see benchmarks/findings.py
SHIFTS = (-1, 0, 1)  # coarse voxels: the middle of the box is not exactly that of the head
STEP = 2  # every second voxel is enough
TAILS = (1, 99)  # percentiles of intensity beyond which edges do not count


def mirrored(case: Coarse) -> Iterator[Finding]:
    """A scan whose edges fit those of the others better after mirroring it left to right."""
    if case.task.anatomy != "brain" or len(case.scans) < 2 or not case.anywhere.any():
        return
    box = ndimage.find_objects(case.anywhere.astype(np.uint8))[0]
    inside = case.interior[box]
    inside = inside & inside[..., ::-1]
    if np.count_nonzero(inside) < FEWEST:
        return
    edges = np.stack([_edges(scan[box], inside) for scan in case.scans.values()])
    gains = dict(zip(case.scans, _gains(edges, inside), strict=True))
    worst = max(gains, key=lambda name: gains[name])
    if gains[worst] > BETTER:
        others = [name for name in gains if name != worst]
        named = worst if len(others) > 1 else f"{worst} or {others[0]}"
        yield Finding(
            "warning",
            f"{named} looks mirrored, left for right, against the other "
            f"{'scans' if len(others) > 1 else 'scan'}, or is of another patient",
            "export it again from the original, or leave it out with --present",
        )


def _edges(scan: Array, inside: Mask) -> Array:
    """Length of the gradient of intensity."""
    low, high = np.percentile(scan[inside], TAILS).astype(np.float32)
    clipped = np.clip(scan, low, high)
    squares = np.zeros_like(clipped)
    for part in np.gradient(clipped):
        squares += part * part
    edges: Array = np.sqrt(squares)
    return edges


def _gains(edges: Array, inside: Mask) -> list[float]:
    """For every scan, the mean correlation with the others after mirroring, minus that as given.

    Args:
        edges: (scans, S, P, L).
        inside: (S, P, L), the voxels that count.
    """
    width = inside.shape[-1]
    rows, last = np.divmod(np.flatnonzero(inside)[::STEP], width)
    flat = edges.reshape(len(edges), -1)

    def at(columns: Array) -> Array:
        return _standardised(flat.take(rows * width + columns, axis=1))

    given = at(last)
    mirrored = [at((width - 1 - last + shift) % width) @ given.T for shift in SHIFTS]
    best = np.max([_of_others(agreement) for agreement in mirrored], axis=0)
    return [float(gain) for gain in best - _of_others(given @ given.T)]


def _of_others(agreement: Array) -> Array:
    """Mean of every row of (scans, scans) without its diagonal."""
    return np.asarray((agreement.sum(axis=1) - np.diag(agreement)) / (len(agreement) - 1))


def _standardised(values: Array) -> Array:
    """Rows (scans, n) of mean 0 and length 1; 0 where all values are equal."""
    centred = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 0))
