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
    edges = {name: _edges(scan[box], inside) for name, scan in case.scans.items()}
    gains = {name: _gain(name, edges, inside) for name in edges}
    worst = max(gains, key=lambda name: gains[name])
    if gains[worst] > BETTER:
        others = [name for name in edges if name != worst]
        named = worst if len(others) > 1 else f"{worst} or {others[0]}"
        yield Finding(
            "warning",
            f"{named} looks mirrored, left for right, against the other "
            f"{'scans' if len(others) > 1 else 'scan'}",
            "export it again from the original, or leave it out with --present",
        )


def _edges(scan: Array, inside: Mask) -> Array:
    """Length of the gradient of intensity."""
    clipped = np.clip(scan, *np.percentile(scan[inside], TAILS))
    return np.asarray(np.sqrt(sum(part**2 for part in np.gradient(clipped))))


def _gain(name: str, edges: dict[str, Array], inside: Mask) -> float:
    """Mean correlation with the other scans after mirroring, minus that as given."""
    others = [scan[inside] for other, scan in edges.items() if other != name]
    turned = edges[name][..., ::-1]
    given = _agreement(edges[name][inside], others)
    return max(_agreement(np.roll(turned, s, -1)[inside], others) for s in SHIFTS) - given


def _agreement(own: Array, others: list[Array]) -> float:
    if own.std() == 0 or any(other.std() == 0 for other in others):
        return 0.0
    return float(np.mean([np.corrcoef(own, other)[0, 1] for other in others]))
