"""Which stage of a preparation costs Dice: the same scans, with the truth in place of a stage.

    python -m benchmarks.preparation_stages FOLDER [--cases 4] [--thickest 3] [--seed 0] [--skip 0]

FOLDER and the scans are those of `end_to_end`, without DICOM. The rows replace one stage after the
other by what is true: the pose of every scan, the brain, thin slices. Grids: that of the finest
scan, as `shaspec prepare` takes it, or voxels of 1 mm over the same volume.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import ndimage

import shaspec
from benchmarks.end_to_end import Scores, command_line, mean, scores
from benchmarks.made_up_exam import acquired, head_of, random_pose
from benchmarks.skull import remembering
from shaspec.case import Case
from shaspec.geometry import Array, Grid
from shaspec.io import find_cases, read_case
from shaspec.io.resample import resample, resample_scan
from shaspec.registration import Rigid, Scan, register
from shaspec.stripping.brain import find_brain
from shaspec.stripping.segment import segment_with
from shaspec.stripping.weights import load_stripper

Mask = Callable[[Grid], Array]
"""The brain on a grid in the space of the reference."""


@dataclass(frozen=True, eq=False)
class Exam:
    """The scans of a case, and all that is true about them."""

    case: Case
    scans: Mapping[str, Scan]
    poses: Mapping[str, Rigid]
    """Point of the head -> point of the scan."""
    reference: str

    @property
    def true_transforms(self) -> dict[str, Rigid]:
        """From the reference to every scan."""
        own = self.poses[self.reference].inverse
        return {name: pose @ own for name, pose in self.poses.items()}

    def true_brain(self, grid: Grid) -> Array:
        """The brain of the case on a grid in the space of the reference."""
        brain = np.logical_or.reduce([volume > 0 for volume in self.case.volumes.values()])
        brain = ndimage.binary_fill_holes(brain).astype(np.float32)
        through = self.poses[self.reference].inverse.matrix
        return np.asarray(
            resample(brain, self.case.grid, grid, order=1, fill=0, through=through) > 0.5
        )

    def scores(self, model: shaspec.Predictor, seen: Case) -> Scores:
        """Dice of a prepared case, whose labels are brought back to the grid of the case."""
        through = self.poses[self.reference].matrix

        def back(labels: Array) -> Array:
            return resample(labels, seen.grid, self.case.grid, order=0, fill=0, through=through)

        return scores(model, seen, self.case, back)


def examined(case: Case, thickest: int, random: np.random.Generator) -> Exam:
    """The scans as `end_to_end` writes them, in the same order of random numbers."""
    head = head_of(case, random)
    scans, poses = {}, {}
    for name in case.present:
        poses[name] = random_pose(head, random)
        thickness, axis = float(random.integers(1, thickest + 1)), int(random.integers(3))
        array, grid = acquired(head, name, poses[name], thickness, axis)
        scans[name] = Scan(array, grid, name)
    reference = min(scans, key=lambda name: float(np.prod(scans[name].grid.spacing)))
    return Exam(case, scans, poses, reference)


def assembled(exam: Exam, found: Mapping[str, Rigid], brain: Mask, grid: Grid) -> Case:
    """The prepared case, as `shaspec prepare` makes it."""
    inside, volumes = brain(grid), {}
    for name, scan in exam.scans.items():
        modality = exam.case.task.modality(name)
        moved = resample_scan(scan.array, scan.grid, grid, modality, found[name].matrix)
        volumes[name] = np.where(inside, moved, np.float32(0))
    return Case(f"{exam.case.name} prepared", exam.case.task, grid, volumes)


def fine(grid: Grid) -> Grid:
    """Voxels of 1 mm over the same volume."""
    step = 1.0 / np.array(grid.spacing)
    shape = np.round(np.array(grid.shape) / step).astype(int)
    return grid.blocks(np.zeros(3), step, tuple(int(n) for n in shape))


def stages(exam: Exam, thin: Exam) -> dict[str, Case]:
    """The case prepared in every way; ``thin`` are the same scans with slices of 1 mm."""
    reference = exam.scans[exam.reference]
    found = {n: register(reference, s).transform for n, s in exam.scans.items()}
    found[exam.reference] = Rigid()
    segment = remembering(segment_with(load_stripper()))
    true, grid = exam.true_transforms, reference.grid
    brain = find_brain(exam.scans, found, grid, segment).on
    alone = find_brain(exam.scans, found, grid, segment, sharp=True).on
    return {
        "as prepared": assembled(exam, found, brain, grid),
        "true poses": assembled(exam, true, brain, grid),
        "brain of the network alone": assembled(exam, found, alone, grid),
        "true poses and brain": assembled(exam, true, exam.true_brain, grid),
        "true poses and brain, 1 mm grid": assembled(exam, true, exam.true_brain, fine(grid)),
        "true poses and brain, slices of 1 mm": assembled(thin, true, exam.true_brain, fine(grid)),
    }


def thinner(exam: Exam, random: np.random.Generator) -> Exam:
    """The same scans with slices of 1 mm."""
    head = head_of(exam.case, random)
    scans = {
        name: Scan(*acquired(head, name, pose, 1.0, 0), name) for name, pose in exam.poses.items()
    }
    return Exam(exam.case, scans, exam.poses, exam.reference)


def main() -> None:
    """Print Dice per way, mean over all subsets and cases."""
    parser = command_line(__doc__, cases=4)
    parser.add_argument("--skip", type=int, default=0)
    options = parser.parse_args()
    console, random = Console(width=110), np.random.default_rng(options.seed)
    model = shaspec.load_model(options.model)
    cases = find_cases(options.folder, model.task)
    table: dict[str, list[Scores]] = {}
    chosen = random.permutation(len(cases))[options.skip : options.skip + options.cases]
    for number in chosen:
        start = time.process_time()
        case = read_case(cases[number], model.task)
        exam = examined(case, options.thickest, np.random.default_rng([options.seed, number]))
        thin = thinner(exam, np.random.default_rng([options.seed, number]))
        made = {"the case as it was": scores(model, case, case, lambda labels: labels)}
        made |= {way: exam.scores(model, seen) for way, seen in stages(exam, thin).items()}
        for way, found in made.items():
            table.setdefault(way, []).append(found)
        regions = model.task.region_names
        console.print(f"{case.name}: {time.process_time() - start:.0f} s of CPU", highlight=False)
        for way, found in made.items():
            shown = " ".join(f"{region} {mean(found, region):.3f}" for region in regions)
            console.print(f"  {way:40} {shown}", highlight=False)
    out = Table("way", *model.task.region_names, "ET of all four", "ET with T1ce")
    full = model.task.subset_name(model.task.names)
    for way, rows in table.items():
        cells = [np.mean([mean(row, region) for row in rows]) for region in model.task.region_names]
        cells.append(np.mean([row[full, "ET"] for row in rows]))
        cells.append(
            np.mean([v for r in rows for (s, g), v in r.items() if g == "ET" and "ce" in s])
        )
        out.add_row(way, *(f"{cell:.3f}" for cell in cells))
    console.print(out)
    console.print(f"{len(chosen)} cases, seed {options.seed}, slices of 1 to {options.thickest} mm")


if __name__ == "__main__":
    main()
