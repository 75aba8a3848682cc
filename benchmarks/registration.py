"""How far registrations are from the truth, and whether doubtful ones say so.

    python -m benchmarks.registration FOLDER [--pairs 40] [--seed 0] [--heads] [--mixed]

FOLDER holds cases of the task ``brats`` whose scans are registered. In each pair of scans of one
case, the second is moved by a known rigid transform (up to 30 degrees and 40 mm), resampled to
slices of 1, 3 or 5 mm in a random direction, and in a third of the pairs cropped to 60 % of its
extent. With ``--heads``, each brain is in a made-up head with skull, scalp, face and neck; with
``--mixed``, only in one of both scans, by turns, as if the other were stripped already. The error
is the largest distance between found and true positions over the voxels of the head.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.made_up_exam import head_of
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io import find_cases, read_case
from shaspec.io.resample import resample
from shaspec.registration import Registration, Rigid, Scan, register
from shaspec.task import load_task

DEGREES, SHIFT_MM = 30.0, 40.0
SLICES_MM = (1.0, 3.0, 5.0)
CROP = 0.6  # part of the extent that a cropped scan keeps
GOOD_MM, BAD_MM = 1.0, 3.0


def main() -> None:
    """Print a row per pair and the shares of good, doubtful and wrong results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--heads", action="store_true")
    parser.add_argument("--mixed", action="store_true")
    options = parser.parse_args()
    console, random = Console(width=110), np.random.default_rng(options.seed)
    cases = find_cases(options.folder, load_task("brats"))
    table = Table("case", "pair", "slices", "degrees", "mm", "error mm", "spread mm", "seconds")
    errors, doubtful, alone = [], [], []
    for number in range(options.pairs):
        case = read_case(cases[random.integers(len(cases))], load_task("brats"), with_labels=False)
        one = other = case
        if options.heads or options.mixed:
            head = head_of(case, random)
            one = other = Case(case.name, case.task, head.grid, head.volumes)
        if options.mixed:
            one, other = (one, case) if number % 2 else (case, other)
        first, second = random.choice(case.present, 2, replace=False)
        fixed = Scan(one.volumes[first], one.grid, first)
        truth = random_pose(one, random)
        thickness = float(random.choice(SLICES_MM))
        moving = acquired(other, second, truth, thickness, random, crop=number % 3 == 2)
        start = time.process_time()
        found = register(fixed, moving)
        seconds = time.process_time() - start
        errors.append(error(found, truth, one, first))
        doubtful.append(found.doubtful)
        alone.append(register(fixed, Scan(other.volumes[second], other.grid, second)).already)
        table.add_row(
            case.name, f"{first}, {second}", f"{thickness:g}" + " cropped" * (number % 3 == 2),
            f"{truth.angle:.0f}", f"{found.distance:.0f}", f"{errors[-1]:.2f}",
            f"{found.spread:.2f}" + " ?" * found.doubtful, f"{seconds:.1f}",
        )  # fmt: skip
    console.print(table)
    far, asked = np.array(errors), np.array(doubtful)
    console.print(
        f"{len(far)} pairs, seed {options.seed}: error at most {GOOD_MM:g} mm in "
        f"{np.mean(far <= GOOD_MM):.0%}, median {np.median(far):.2f} mm; doubtful "
        f"{np.count_nonzero(asked)}; above {BAD_MM:g} mm without a doubt "
        f"{np.count_nonzero((far > BAD_MM) & ~asked)}; registered scans left alone "
        f"{np.count_nonzero(alone)} of {len(alone)}"
    )


def random_pose(case: Case, random: np.random.Generator) -> Rigid:
    """A rotation about the middle of the volume and a shift, both in random directions."""
    axis, shift = random.normal(size=(2, 3))
    middle = case.grid.world(np.array(case.grid.shape)[:, None] / 2)[:, 0]
    angle = np.radians(random.uniform(0, DEGREES))
    length = random.uniform(0, SHIFT_MM)
    return Rigid.about(
        middle, angle * axis / np.linalg.norm(axis), length * shift / np.linalg.norm(shift)
    )


def acquired(
    case: Case,
    name: str,
    pose: Rigid,
    thickness: float,
    random: np.random.Generator,
    *,
    crop: bool,
) -> Scan:
    """A scan of the head in another pose, with slices of ``thickness`` mm in a random direction.

    A slice is the mean of the places that it covers, 1 mm apart.
    """
    axis = int(random.integers(3))
    spacing, shape = np.array(case.grid.spacing), np.array(case.grid.shape)
    size = spacing * shape
    spacing[axis] = thickness
    kept = np.where(np.arange(3) == axis, CROP if crop else 1.0, 1.0)
    start = np.array(case.grid.origin) + random.uniform(0, 1) * size * (1 - kept)
    shape = tuple(int(n) for n in np.maximum(size * kept / spacing, 8))
    layers = max(1, round(thickness))
    total = np.zeros(shape, np.float32)
    for layer in range(layers):
        offset = np.zeros(3)
        offset[axis] = ((layer + 0.5) / layers - 0.5) * thickness
        grid = Grid(shape, tuple(spacing), tuple(start + offset))
        total += resample(
            case.volumes[name], case.grid, grid, order=1, fill=0, through=pose.inverse.matrix
        )
    return Scan(total / layers, Grid(shape, tuple(spacing), tuple(start)), name)


def error(found: Registration, truth: Rigid, case: Case, name: str) -> float:
    """Largest distance in mm between found and true positions over the voxels of the head."""
    voxels = np.argwhere(case.volumes[name] > 0)[::499].T
    return found.transform.apart(truth, case.grid.world(voxels))


if __name__ == "__main__":
    main()
