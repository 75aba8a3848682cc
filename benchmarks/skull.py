"""How well the skull is stripped from real brains in made-up heads.

    python benchmarks/skull.py FOLDER [--cases 12] [--seed 0] [--weights FOLDER] [--pictures FOLDER]

FOLDER holds stripped cases of the task ``brats`` with labels. Each brain is put into a head by
`case_faults.in_head`, gets a simple face and neck, which share nothing with the heads of the
training, and is turned at random. The truth is the brain as the publishers of the data stripped it.
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
from scipy.spatial.transform import Rotation

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

BELOW = ((28, 0), (10, 0), (0, 0))  # voxels of 2 mm for face and neck
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
    padded = [np.pad(volume[::2, ::2, ::2], MARGIN) for volume in case.volumes.values()]
    brain = ndimage.binary_fill_holes(np.logical_or.reduce([volume > 0 for volume in padded]))
    tumour = np.pad(case.labels[::2, ::2, ::2], MARGIN) > 0
    brain, tumour = (np.pad(mask, BELOW) for mask in (brain, tumour))
    grid = Grid(brain.shape, grid.spacing)
    levels = face_and_neck(brain, random)
    head = {name: np.pad(volume, BELOW).astype(np.float32) for name, volume in volumes.items()}
    turn = Rotation.from_rotvec(np.radians(random.uniform(-DEGREES, DEGREES, 3))).as_matrix()
    thickness, axis = int(random.choice(SLICES_MM)), int(random.integers(3))

    def turned(volume: Array, order: int) -> Array:
        middle = (np.array(volume.shape) - 1) / 2
        return ndimage.affine_transform(volume, turn, middle - turn @ middle, order=order)

    scans = {}
    for name, volume in head.items():
        median = np.median(volume[brain])
        grain = random.normal(1, 0.1, volume.shape) * random.uniform(0.6, 1.6)
        whole = np.where(volume > 0, volume, levels * median * grain).astype(np.float32)
        array = ndimage.uniform_filter1d(turned(whole, 1), max(1, thickness // 2), axis)
        scans[name] = Scan(array, grid, name)
    return scans, turned(brain, 0), turned(tumour, 0), grid, thickness


def face_and_neck(brain: Array, random: np.random.Generator) -> Array:
    """Brightness relative to the brain of a face with eyes and a neck with a spine, about 2 mm."""
    s, p, x = np.ogrid[tuple(slice(n) for n in brain.shape)]
    inside = np.argwhere(brain)
    bottom, front, _ = inside.min(axis=0)
    middle = inside.mean(axis=0)
    away = np.hypot((p - middle[1]) / 32, (x - middle[2]) / 30)
    neck = np.where(s < bottom + 12, np.broadcast_to(1 - away, brain.shape), -1)
    forward = ((s - bottom - 8) / 28) ** 2 + ((p - front - 8) / 22) ** 2
    face = np.maximum(neck, 1 - np.sqrt(forward + ((x - middle[2]) / 28) ** 2))
    lumps = ndimage.gaussian_filter(random.normal(size=brain.shape), 3)
    lumps /= lumps.std()
    level = np.select([face < 0, face < 0.12, lumps > 1.2, lumps < -1.3], [0, 1.2, 1.0, 0.1], 0.6)
    spine = np.hypot(p - middle[1] - 8, x - middle[2])
    level = np.where((face > 0) & (spine < 11) & (s < bottom), np.where(spine < 4, 0.9, 0.2), level)
    for side in (-16, 16):
        eye = (s - bottom - 14) ** 2 + (p - front + 4) ** 2 + (x - middle[2] - side) ** 2
        level = np.where(eye < 36, random.uniform(0.2, 1.8), level)
    return np.asarray(level)


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
