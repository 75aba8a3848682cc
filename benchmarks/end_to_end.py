"""From the scanner to the labels: what the preparation of a case costs in Dice.

    python -m benchmarks.end_to_end FOLDER [--cases 6] [--thickest 3] [--seed 0] [--model shaspec]

FOLDER holds stripped, registered cases of the task ``brats`` with labels. Each brain is put into a
made-up head; every modality is turned, shifted and resampled to slices of 1 mm up to ``--thickest``
mm in a random direction, and written as DICOM. Then `shaspec case`, `shaspec prepare` and the model
run as a user would run them. Their labels are brought back to the grid of the case and compared
with its truth, like those from the case as it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

import shaspec
from benchmarks.made_up_exam import acquired, head_of, random_pose, write_series
from shaspec.case import Case
from shaspec.dicom import case_from_dicom
from shaspec.errors import ShaspecError
from shaspec.evaluation.metrics import dice
from shaspec.geometry import Array
from shaspec.io import find_cases, read_case
from shaspec.io.resample import resample
from shaspec.preparation import prepare, read_transforms
from shaspec.registration import Rigid

Scores = dict[tuple[str, str], float]
"""Subset and region -> Dice."""
MEAN = "mean"


def command_line(description: str | None, cases: int) -> argparse.ArgumentParser:
    """The options: real cases, how many of them, and how they are taken apart.

    Args:
        description: of the benchmark.
        cases: default number of cases.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=cases)
    parser.add_argument("--thickest", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="shaspec")
    return parser


def main() -> None:
    """Print Dice before and after, per region and subset, and the errors of the registrations."""
    options = command_line(__doc__, cases=6).parse_args()
    console, random = Console(width=110), np.random.default_rng(options.seed)
    model = shaspec.load_model(options.model)
    cases = find_cases(options.folder, model.task)
    before: list[Scores] = []
    after: list[Scores] = []
    for number in random.permutation(len(cases))[: options.cases]:
        case = read_case(cases[number], model.task)
        plain = scores(model, case, case, lambda labels: labels)
        start = time.process_time()
        with TemporaryDirectory() as folder:
            try:
                found, millimetres = whole_way(model, case, Path(folder), options.thickest, random)
            except ShaspecError as error:
                console.print(f"{case.name}: refused: {error}")
                continue
        before.append(plain)
        after.append(found)
        change = {r: mean(found, r) - mean(plain, r) for r in model.task.region_names}
        shown = ", ".join(f"{region} {value:+.3f}" for region, value in change.items())
        seconds = time.process_time() - start
        console.print(f"{case.name}: {shown}; registered to {millimetres:.1f} mm; {seconds:.0f} s")
    table = Table(
        "subset", *(f"{r} {w}" for r in model.task.region_names for w in ("as it was", "prepared"))
    )
    for subset in [*map(model.task.subset_name, model.task.subsets()), MEAN]:
        cells = [
            f"{np.nanmean([one(s, subset, r) for s in kind]):.3f}"
            for r in model.task.region_names
            for kind in (before, after)
        ]
        table.add_row(subset, *cells)
    console.print(table)
    console.print(
        f"{len(after)} cases, seed {options.seed}, slices of 1 to {options.thickest} mm, model "
        f"{options.model}"
    )


def whole_way(
    model: shaspec.Predictor, case: Case, folder: Path, thickest: int, random: np.random.Generator
) -> tuple[Scores, float]:
    """Dice of the prepared case, and the largest error of a registration in mm."""
    ready = prepared_again(case, folder, thickest, random)
    return scores(model, ready.case, case, ready.back), ready.millimetres


@dataclass(frozen=True, eq=False)
class Ready:
    """A case that was taken apart and prepared again."""

    case: Case
    back: Callable[[Array], Array]
    """Labels of the prepared case -> labels on the grid of the case as it was."""
    millimetres: float
    """The largest error of a registration."""


def prepared_again(
    case: Case,
    folder: Path,
    thickest: int,
    random: np.random.Generator,
    change: Callable[[Array], Array] = lambda array: array,
) -> Ready:
    """Put a case into a head, write it as DICOM, and prepare that.

    Args:
        case: the case as it was.
        folder: empty; for the files.
        thickest: slices have 1 mm up to this.
        random: poses, slices and heads.
        change: makes another scan of every scan, e.g. with a bias field.
    """
    head = head_of(case, random)
    poses = {}
    for number, name in enumerate(case.present, 2):
        poses[name] = random_pose(head, random)
        thickness, axis = float(random.integers(1, thickest + 1)), int(random.integers(3))
        array, grid = acquired(head, name, poses[name], thickness, axis)
        write_series(folder / "exam", number, name, change(array), grid, axis)
    case_from_dicom(folder / "exam", case.task, folder / "scans")
    prepare(folder / "scans", case.task, folder / "prepared")
    transforms = read_transforms(folder / "prepared")
    prepared = read_case(folder / "prepared", case.task, with_labels=False)
    own = poses[transforms.reference]

    def back(labels: Array) -> Array:
        return resample(labels, prepared.grid, case.grid, order=0, fill=0, through=own.matrix)

    found = {n: r.transform for n, r in transforms.found.items()}
    return Ready(prepared, back, largest_error(case, poses, found, own))


def largest_error(
    case: Case, poses: dict[str, Rigid], found: dict[str, Rigid], own: Rigid
) -> float:
    """Of all registrations, over the voxels of the brain, in mm."""
    brain = case.grid.world(np.argwhere(case.volumes[case.present[0]] > 0)[::997].T)
    in_reference = own(brain)
    errors = [
        np.linalg.norm(found[name](in_reference) - pose(brain), axis=0).max()
        for name, pose in poses.items()
    ]
    return float(max(errors))


def scores(
    model: shaspec.Predictor, seen: Case, case: Case, back: Callable[[Array], Array]
) -> Scores:
    """Dice of the labels of ``seen``, brought ``back`` to the grid of ``case``, for all subsets."""
    assert case.labels is not None
    truth = dict(zip(model.task.region_names, model.task.region_masks(case.labels), strict=True))
    found = {}
    for subset in model.task.subsets():
        labels = back(model.predict(seen, subset).labels)
        masks = model.task.region_masks(labels)
        for region, mask in zip(model.task.region_names, masks, strict=True):
            found[model.task.subset_name(subset), region] = dice(mask, truth[region])
    return found


def one(found: Scores, subset: str, region: str) -> float:
    """Dice of a subset, or the mean over all."""
    return mean(found, region) if subset == MEAN else found[subset, region]


def mean(found: Scores, region: str) -> float:
    """The mean Dice of a region over all subsets."""
    return float(np.mean([value for (_, name), value in found.items() if name == region]))


if __name__ == "__main__":
    main()
