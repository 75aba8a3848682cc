"""Effect of padding and cropping on a result: Dice of variants of one case.

    python benchmarks/background.py CASE [MODEL]

CASE is a folder with labels; default: a phantom. All variants contain the same tumour:

original    unchanged
padded      13 zeros on every side
crop        the tumour and 2 voxels around it, most of them inside the head
in zeros    the same crop with 13 zeros on every side
slab        only the slices of the tumour, over the whole width
through     the half of the head with the tumour, cut through the head
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from shaspec.case import Case
from shaspec.evaluation.metrics import dice
from shaspec.geometry import Grid
from shaspec.inference.events import Finished
from shaspec.inference.session import InferenceSession
from shaspec.inference.windows import Box
from shaspec.io import read_case
from shaspec.models.weights import Model, load_model
from shaspec.phantom import make_case
from shaspec.preprocessing import bounding_box, normalise

MARGIN = 13  # voxels; not a multiple of the window stride or of 1.5 mm
AROUND = 2  # voxels of a crop around the tumour


def main() -> None:
    """Print a table of Dice by variant and region."""
    model = load_model(sys.argv[2] if len(sys.argv) > 2 else "shaspec")
    task = model.card.task
    case = read_case(sys.argv[1], task) if len(sys.argv) > 1 else make_case(9_000_000)
    print(f"{model.card.name} on {case.name}, Dice")
    print("variant   ", *(f"{r.name:>6}" for r in task.regions), "  largest change of intensity")
    reference = {name: normalise(v, task.modality(name)) for name, v in case.volumes.items()}
    for name, (box, margin) in variants(case).items():
        variant = cut(case, box, margin)
        scores = score(model, variant)
        change = max(
            float(np.abs(shown - reference[m][box]).max())
            for m, v in variant.volumes.items()
            for shown in [inner(normalise(v, task.modality(m)), margin)]
        )
        print(f"{name:10}", *(f"{s:6.3f}" for s in scores.values()), f"{change:10.3f}")


def variants(case: Case) -> Mapping[str, tuple[Box, int]]:
    """Name -> cropped box of the case, and the margin of zeros."""
    assert case.labels is not None
    shape = case.grid.shape
    whole = tuple(slice(0, n) for n in shape)
    tumour = bounding_box(case.labels > 0)
    near = tuple(
        slice(max(0, s.start - AROUND), min(n, s.stop + AROUND))
        for s, n in zip(tumour, shape, strict=True)
    )
    half = shape[2] // 2
    left = (tumour[2].start + tumour[2].stop) // 2 < half
    through = (
        *whole[:2],
        slice(0, max(half, near[2].stop)) if left else slice(near[2].start, None),
    )
    return {
        "original": (whole, 0),
        "padded": (whole, MARGIN),
        "crop": (near, 0),
        "in zeros": (near, MARGIN),
        "slab": ((near[0], *whole[1:]), 0),
        "through": (through, 0),
    }


def cut(case: Case, box: Box, margin: int) -> Case:
    """The case inside ``box``, with ``margin`` zeros on every side."""
    assert case.labels is not None
    volumes = {name: np.pad(v[box], margin) for name, v in case.volumes.items()}
    labels = np.pad(case.labels[box], margin)
    grid = Grid(labels.shape, case.grid.spacing, case.grid.origin)
    return replace(case, grid=grid, volumes=volumes, labels=labels)


def inner(volume: np.ndarray, margin: int) -> np.ndarray:
    """``volume`` without its margin."""
    return volume[tuple(slice(margin, n - margin) for n in volume.shape)]


def score(model: Model, case: Case) -> Mapping[str, float]:
    """Region -> Dice of all modalities."""
    *_, last = InferenceSession(model, case, device="cpu").predict()
    assert isinstance(last, Finished)
    assert case.labels is not None
    predicted = case.task.region_masks(last.prediction.labels)
    true = case.task.region_masks(case.labels)
    names = [region.name for region in case.task.regions]
    return {n: dice(p, t) for n, p, t in zip(names, predicted, true, strict=True)}


if __name__ == "__main__":
    main()
