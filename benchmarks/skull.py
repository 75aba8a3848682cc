"""How well the skull is stripped from real brains in made-up heads.

    python benchmarks/skull.py FOLDER [--cases 12] [--seed 0] [--weights FOLDER] [--pictures FOLDER]

FOLDER holds stripped cases of the task ``brats`` with labels. Each brain is put into a head by
`case_faults.in_head`, which shares nothing with the heads of the training, and is turned at random.
The truth is the brain as it was stripped by the publishers of the data.
"""

from __future__ import annotations

import argparse
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import ndimage

from benchmarks.case_faults import MARGIN, in_head
from shaspec.case import Case
from shaspec.files.writing import write_atomically
from shaspec.geometry import Array, Grid
from shaspec.io import find_cases, read_case
from shaspec.preparation.overlay import mask_png
from shaspec.registration import Rigid, Scan
from shaspec.stripping.brain import Segment, find_brain
from shaspec.stripping.segment import segment_with
from shaspec.stripping.weights import load_stripper
from shaspec.task import load_task

DEGREES = 15.0
SLICES_MM = (2, 4, 6)


def main() -> None:
    """Print Dice and the part of the tumour that is kept, per case and scan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    console, random = Console(width=110), np.random.default_rng(options.seed)
    task = load_task("brats")
    segment = remembering(segment_with(load_stripper(options.weights)))
    cases = find_cases(options.folder, task)
    chosen = random.permutation(len(cases))[: options.cases]
    table = Table("case", "slices mm", *task.names, "all", "tumour kept", "seconds")
    dice: list[dict[str, float]] = []
    kept, sizes = [], []
    for number in chosen:
        case = read_case(cases[number], task)
        scans, brain, tumour, grid, thickness = made_up(case, random)
        poses = {name: Rigid() for name in scans}
        start = time.process_time()
        found = find_brain(scans, poses, grid, segment)
        seconds = time.process_time() - start
        mask = found.on(grid)
        alone = {
            n: find_brain({n: scan}, poses, grid, segment).on(grid) for n, scan in scans.items()
        }
        dice.append({n: overlap(m, brain) for n, m in (alone | {"all": mask}).items()})
        kept.append(np.count_nonzero(mask & tumour) / max(np.count_nonzero(tumour), 1))
        sizes.append(np.count_nonzero(mask) / np.count_nonzero(brain))
        figures = [f"{dice[-1].get(name, np.nan):.3f}" for name in (*task.names, "all")]
        table.add_row(case.name, f"{thickness}", *figures, f"{kept[-1]:.4f}", f"{seconds:.1f}")
        if options.pictures:
            for name, scan in scans.items():
                path = options.pictures / f"{case.name}_{name.lower()}.png"
                write_atomically(path, mask_png(scan.array, alone[name], grid, name))
    console.print(table)
    joint = np.array([row["all"] for row in dice])
    each = np.array([value for row in dice for name, value in row.items() if name != "all"])
    console.print(
        f"{len(joint)} cases, seed {options.seed}. All scans: Dice {joint.mean():.4f}, smallest "
        f"{joint.min():.4f}. One scan: Dice {each.mean():.4f}, smallest {each.min():.4f}. Tumour "
        f"kept {np.mean(kept):.4f}, smallest {min(kept):.4f}. Mask relative to the brain "
        f"{np.mean(sizes):.3f}"
    )


def made_up(
    case: Case, random: np.random.Generator
) -> tuple[dict[str, Scan], Array, Array, Grid, int]:
    """The scans of a brain in a head, its mask, its tumour, their grid, and the slice thickness."""
    volumes, grid = in_head(dict(case.volumes), case.grid, random)
    assert case.labels is not None
    tumour = np.pad(case.labels[::2, ::2, ::2], MARGIN) > 0
    brain = np.logical_or.reduce(
        [np.pad(v[::2, ::2, ::2], MARGIN) > 0 for v in case.volumes.values()]
    )
    brain = ndimage.binary_fill_holes(brain)
    turn = Rigid.about(
        np.array(grid.shape)[::-1], np.radians(random.uniform(-DEGREES, DEGREES, 3)), np.zeros(3)
    ).matrix
    thickness = int(random.choice(SLICES_MM))
    axis = int(random.integers(3))

    def turned(volume: Array, order: int) -> Array:
        flipped = turn[:3, :3][::-1, ::-1]
        middle = (np.array(volume.shape) - 1) / 2
        return ndimage.affine_transform(volume, flipped, middle - flipped @ middle, order=order)

    scans = {}
    for name, volume in volumes.items():
        array = turned(volume.astype(np.float32), 1)
        if thickness > 2:
            array = ndimage.uniform_filter1d(array, thickness // 2, axis)
        scans[name] = Scan(array, grid, name)
    return scans, turned(brain, 0), turned(tumour, 0), grid, thickness


def remembering(segment: Segment) -> Segment:
    """Segment every scan once: it counts for itself and among all."""
    known: dict[bytes, Array] = {}

    def find(image: Array) -> Array:
        key = sha256(image.tobytes()).digest()
        if key not in known:
            known[key] = segment(image)
        return known[key]

    return find


def overlap(one: Array, other: Array) -> float:
    """Dice of two masks."""
    both = np.count_nonzero(one & other)
    return 2 * both / (np.count_nonzero(one) + np.count_nonzero(other))


if __name__ == "__main__":
    main()
