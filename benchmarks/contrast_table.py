"""The contrasts that tell FLAIR, T1, T1ce and T2 apart, and how surely they do.

    python benchmarks/contrast_table.py FOLDER...

Each folder contains correct cases of the task ``brats``. The first table is that of
`shaspec.io.findings.swapped`. Then every subset of two modalities and more is judged as it is and
in every other order: how many correct ones fit another order better by the limit, and how many
wrong ones do not. The same is told of phantoms, which are not in the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import combinations, permutations

import numpy as np

from shaspec.case import Case
from shaspec.io import find_cases, read_case
from shaspec.io.findings import Coarse
from shaspec.io.findings.contrast import sampled
from shaspec.io.findings.swapped import NAMES, Contrasts, swapped
from shaspec.phantom import make_case
from shaspec.task import load_task

PHANTOMS = (*range(24), *range(9_000_000, 9_000_012))
SHAPE, SPACING = (78, 120, 120), (2.0, 2.0, 2.0)
Voxels = dict[str, np.ndarray]


def voxels_of(cases: Iterable[Case]) -> list[Voxels]:
    """The sampled voxels of each case."""
    coarse = (Coarse.of(case.volumes, case.grid, case.task) for case in cases)
    return [sampled(case) for case in coarse]


def print_table(cases: list[Voxels]) -> None:
    """Print mean and deviation of every value over cases."""
    measured = [Contrasts.of([case[name] for name in NAMES]) for case in cases]
    skewness = np.array([one.skewness for one in measured if one])
    pairs = np.array([one.pairs for one in measured if one])
    for name, values in zip(NAMES, skewness.T, strict=True):
        print(f"  skewness {name:5} {values.mean():6.2f} {values.std():5.2f}")
    for (one, other), values in zip(combinations(NAMES, 2), pairs.transpose(1, 2, 0), strict=True):
        said = "  ".join(f"{v.mean():6.2f} {v.std():5.2f}" for v in values)
        print(f"  {one:5} {other:5} correlation, tails: {said}")


def print_worst(cases: list[Voxels]) -> None:
    """Print by how much another order fits a correct case better at most."""
    worst = 0.0
    for case in cases:
        for count in (2, 3, 4):
            for given in combinations(range(4), count):
                contrasts = Contrasts.of([case[NAMES[at]] for at in given])
                if contrasts:
                    fits = [contrasts.misfit(order) for order in permutations(given)]
                    worst = max(worst, fits[0] - min(fits))  # the first order is the given one
    print(f"  another order fits a correct case better by {worst:.1f} at most")


def print_rates(kind: str, cases: list[Voxels]) -> None:
    """Print how many correct and wrong orders are told, for each number of modalities."""
    print(f"{kind}, {len(cases)} cases:")
    for count in (2, 3, 4):
        alarms = tried = told = wrong = 0
        for case in cases:
            for names in combinations(NAMES, count):
                for order in permutations(names):
                    said = swapped({new: case[old] for old, new in zip(names, order, strict=True)})
                    alarms += bool(said) and order == names
                    told += bool(said) and order != names
                    tried += order == names
                    wrong += order != names
        print(f"  {count} scans: {alarms} of {tried} correct, {told} of {wrong} wrong orders told")


def main() -> None:
    """Print the table and the rates."""
    task = load_task("brats")
    files = [found for folder in sys.argv[1:] for found in find_cases(folder, task)]
    real = voxels_of(read_case(found, task, with_labels=False) for found in files)
    real = [case for case in real if set(case) == set(NAMES)]
    if real:
        print_table(real)
        print_worst(real)
        print_rates("real", real)
    made = (make_case(seed, shape=SHAPE, spacing=SPACING) for seed in PHANTOMS)
    print_rates("phantoms", voxels_of(made))


if __name__ == "__main__":
    main()
