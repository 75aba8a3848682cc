"""Faults that `findings.py` makes into sound truths, and what the check of truths says to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.io.findings import stray

Array = npt.NDArray[np.uint8]
TruthFault = Callable[[Case, np.random.Generator], Array]
TISSUES = (25, 60)  # percentiles of T1 that part fluid, grey and white matter


def mirrored(case: Case, _: np.random.Generator) -> Array:
    """Left for right."""
    return np.ascontiguousarray(_labels(case)[..., ::-1])


def upside_down(case: Case, _: np.random.Generator) -> Array:
    """The order of slices turned round."""
    return np.ascontiguousarray(_labels(case)[::-1])


def shifted(mm: float) -> TruthFault:
    """Shift in a random direction of one plane."""

    def fault(case: Case, rng: np.random.Generator) -> Array:
        angle = rng.uniform(0, 2 * np.pi)
        move = (0.0, mm * np.sin(angle), mm * np.cos(angle))
        voxels = [v / size for v, size in zip(move, case.grid.spacing, strict=True)]
        return np.asarray(ndimage.shift(_labels(case), voxels, order=0))

    return fault


def transposed(case: Case, _: np.random.Generator) -> Array:
    """The two axes of a slice exchanged, about its centre."""
    turned = _labels(case).transpose(0, 2, 1)
    out = np.zeros_like(_labels(case))
    sizes = [min(a, b) for a, b in zip(out.shape, turned.shape, strict=True)]
    here, there = (
        tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(a.shape, sizes, strict=True))
        for a in (out, turned)
    )
    out[here] = turned[there]
    return out


def of_the_brain(case: Case, _: np.random.Generator) -> Array:
    """A mask of the brain."""
    return (_head(case)).astype(np.uint8)


def of_tissues(case: Case, _: np.random.Generator) -> Array:
    """Labels of fluid, grey and white matter."""
    scan, head = case.volumes.get("T1", next(iter(case.volumes.values()))), _head(case)
    levels = np.percentile(scan[head], TISSUES)
    codes = np.array([1, 2, 4], np.uint8)[np.digitize(scan, levels)]
    return np.where(head, codes, 0).astype(np.uint8)


TRUTH_FAULTS: Mapping[str, TruthFault] = {
    "mirrored": mirrored,
    "slices turned round": upside_down,
    "shifted by 15 mm": shifted(15.0),
    "shifted by 30 mm": shifted(30.0),
    "shifted by 10 mm": shifted(10.0),
    "axes of a slice exchanged": transposed,
    "mask of the brain": of_the_brain,
    "labels of tissues": of_tissues,
}


def is_found(labels: Array, case: Case) -> bool:
    """Whether the check warns or refuses."""
    try:
        return bool(list(stray(labels, case.volumes, case.task, spacing=case.grid.spacing)))
    except InputError:
        return True


def _labels(case: Case) -> Array:
    assert case.labels is not None
    return np.asarray(case.labels)


def _head(case: Case) -> npt.NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce([v != 0 for v in case.volumes.values()]))
