"""Check that labels lie where the lesion is: moved a little, they must not cover brighter tissue.

Oedema is bright in FLAIR and T2. A truth in its place loses brightness in one of the two wherever
it is moved; one that is mirrored, shifted or of another patient finds brighter tissue nearby.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shaspec.io.findings.coarse import thinned
from shaspec.io.findings.scan import Array, Finding
from shaspec.preprocessing import foreground

VOXEL_MM = 6.0
NEAR_MM = (7.0, 20.0)  # moves that are tried
WITHIN = 0.9  # share of the brain under the labels that is left after a move
GAINS = {("FLAIR", "T2"): 0.05, ("FLAIR",): 0.1, ("T2",): 0.6}
"""Scans -> standard deviations of the brain by which all of them may be brighter after a move. In
42 real cases it is at most -0.09, -0.02 and 0.42; see benchmarks/findings.py."""
FEWEST = 8  # coarse voxels of the labels, and
BRAIN = 500  # of the brain; fewer are not judged
TAILS = (1, 99)  # percentiles of intensity that count

Floats = npt.NDArray[np.float32]


def misplaced(
    labels: Array,
    volumes: Mapping[str, Array],
    values: Mapping[str, float | None],
    spacing: Sequence[float],
) -> Iterator[Finding]:
    """Find labels of a lesion that would lie on brighter tissue a centimetre or two away.

    Args:
        labels: label map (S, P, L), 0 for background.
        volumes: FLAIR, T2 or both, each (S, P, L).
        values: modality -> `shaspec.preprocessing.background` of the volume.
        spacing: of a voxel, mm.
    """
    gain, move = best_move(labels, volumes, values, spacing)
    if gain > GAINS.get(tuple(sorted(volumes)), np.inf):
        yield Finding(
            "warning",
            f"the labels would lie on brighter tissue in {' and '.join(volumes)} after a move of "
            f"{np.linalg.norm(move):.0f} mm, so they may be mirrored, shifted or of another "
            "patient",
            "check the label file over the scans",
        )


def best_move(
    labels: Array,
    volumes: Mapping[str, Array],
    values: Mapping[str, float | None],
    spacing: Sequence[float],
) -> tuple[float, npt.NDArray[np.float64]]:
    """The move after which the tissue under the labels is brighter in every scan.

    Returns:
        By how much, in standard deviations of the brain, in the scan where it gains least; and the
        move in mm (S, P, L). The gain is minus infinity where nothing can be judged.
    """
    nothing = -np.inf, np.zeros(3)
    steps = [max(1, round(VOXEL_MM / mm)) for mm in spacing]
    sizes = np.multiply(steps, spacing)
    weights = thinned(labels, steps, labelled=True)
    places = np.argwhere(weights > 0)
    if not volumes or weights.sum() < FEWEST:
        return nothing
    reach = np.ceil(NEAR_MM[1] / sizes).astype(int)
    moves = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1)
    moves = moves.reshape(-1, 3)
    far = np.linalg.norm(moves * sizes, axis=1)
    moves = np.concatenate([[[0, 0, 0]], moves[(far >= NEAR_MM[0]) & (far <= NEAR_MM[1])]])
    padding = [(r, r) for r in reach]
    padded = tuple(np.add(weights.shape, 2 * reach))
    strides = np.array([padded[1] * padded[2], padded[2], 1])
    there = ((places + reach) @ strides)[:, None] + moves @ strides
    given = weights[tuple(places.T)]
    given /= given.sum()
    worst = np.full(len(moves), np.inf)
    for name, volume in volumes.items():
        scan, brain = _standardised(thinned(volume, steps), values[name])
        if np.count_nonzero(brain) < BRAIN:
            return nothing
        bright, inside = (
            given @ np.pad(a, padding).ravel().take(there) for a in (scan, brain.astype(np.float32))
        )
        gains = np.where(inside >= WITHIN * inside[0], bright - bright[0], -np.inf)
        worst = np.minimum(worst, gains)
    best = 1 + int(np.argmax(worst[1:]))
    return float(worst[best]), moves[best] * sizes


def _standardised(scan: Floats, value: float | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """A coarse scan with mean 0 and deviation 1 in the brain, 0 elsewhere; and the brain."""
    brain = foreground(scan, value)
    if not brain.any():
        return scan, brain
    clipped = np.clip(scan, *np.percentile(scan[brain], TAILS))
    spread = float(clipped[brain].std()) or 1.0
    return np.where(brain, (clipped - clipped[brain].mean()) / spread, 0).astype(np.float32), brain
