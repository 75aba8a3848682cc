"""Whether a correction of the bias field (N4) helps: the same prepared cases with and without it.

    python -m benchmarks.bias_field FOLDER [--cases 3] [--thickest 3] [--seed 0] [--field 0.2]

Needs SimpleITK, which no part of the package needs. The cases are taken apart and prepared again as
in `end_to_end`. Every scan is multiplied by a smooth field that reaches from 1 - ``--field`` to
1 + ``--field`` over the volume (0: none is added). N4 corrects every prepared volume within its
brain, and both are compared with the truth of the case.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import combinations_with_replacement
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from rich.console import Console
from rich.table import Table

import shaspec
from benchmarks.end_to_end import Scores, command_line, mean, prepared_again, scores
from shaspec.case import Case
from shaspec.geometry import Array
from shaspec.io import find_cases, read_case

SHRINK = 4
"""N4 finds the field on every fourth voxel, as its manual proposes."""
ITERATIONS = (50, 50, 30)


def main() -> None:
    """Print Dice with N4 and without, per region."""
    parser = command_line(__doc__, cases=3)
    parser.add_argument("--field", type=float, default=0.2)
    options = parser.parse_args()
    console, random = Console(width=110), np.random.default_rng(options.seed)
    model = shaspec.load_model(options.model)
    regions = model.task.region_names
    cases = find_cases(options.folder, model.task)
    table = Table("case", *(f"{r} {w}" for r in regions for w in ("prepared", "with N4")))
    differences: list[list[float]] = []
    for number in random.permutation(len(cases))[: options.cases]:
        case, start = read_case(cases[number], model.task), time.process_time()

        def change(array: Array) -> Array:
            return array * smooth_field(array.shape, options.field, random)

        with TemporaryDirectory() as folder:
            ready = prepared_again(case, Path(folder), options.thickest, random, change)
        both: list[Scores] = [
            scores(model, seen, case, ready.back) for seen in (ready.case, corrected(ready.case))
        ]
        table.add_row(case.name, *(f"{mean(one, r):.3f}" for r in regions for one in both))
        differences.append([mean(both[1], r) - mean(both[0], r) for r in regions])
        seconds = time.process_time() - start
        shown = ", ".join(f"{r} {d:+.3f}" for r, d in zip(regions, differences[-1], strict=True))
        console.print(f"{case.name}: N4 changes {shown}; {seconds:.0f} s")
    console.print(table)
    told = zip(regions, np.mean(differences, axis=0), strict=True)
    console.print(
        f"{len(differences)} cases, all subsets, seed {options.seed}, slices of 1 to "
        f"{options.thickest} mm, field of {options.field:.0%}: N4 changes "
        + ", ".join(f"{region} {value:+.3f}" for region, value in told)
    )


def smooth_field(shape: tuple[int, ...], size: float, random: np.random.Generator) -> Array:
    """A polynomial of the second order from 1 - ``size`` to 1 + ``size``."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij", sparse=True)
    terms = [*axes, *(a * b for a, b in combinations_with_replacement(axes, 2))]
    field = sum(weight * term for weight, term in zip(random.normal(size=9), terms, strict=True))
    field = np.broadcast_to(field, shape)
    field = 2 * (field - field.min()) / np.ptp(field) - 1
    return (1 + size * field).astype(np.float32)


def corrected(case: Case) -> Case:
    """The case with every volume corrected by N4 within its brain."""
    return replace(case, volumes={name: _n4(array) for name, array in case.volumes.items()})


def _n4(array: Array) -> Array:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array, np.float32))
    inside = sitk.GetImageFromArray((array > 0).astype(np.uint8))
    small = [sitk.Shrink(one, [SHRINK] * 3) for one in (image, inside)]
    correction = sitk.N4BiasFieldCorrectionImageFilter()
    correction.SetMaximumNumberOfIterations(ITERATIONS)
    correction.Execute(*small)
    field = sitk.GetArrayFromImage(sitk.Exp(correction.GetLogBiasFieldAsImage(image)))
    return np.where(array > 0, array / field, np.float32(0)).astype(np.float32)


if __name__ == "__main__":
    main()
