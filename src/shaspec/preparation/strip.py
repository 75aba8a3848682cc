"""Strip the skull from the scans of a case that have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np

from shaspec.errors import InputError
from shaspec.files.writing import write_atomically
from shaspec.geometry import Array, Grid
from shaspec.io.export import write_labels
from shaspec.io.findings import Coarse
from shaspec.io.findings.anatomy import skull
from shaspec.io.volumes import Volume, read_volume
from shaspec.preparation.overlay import mask_png
from shaspec.preparation.transforms import BrainMask
from shaspec.preprocessing import fill_value
from shaspec.progress import Report
from shaspec.registration import Registration, Scan
from shaspec.stripping.brain import Brain, find_brain
from shaspec.stripping.engines import OWN, Engine, checked_engine, load_engine
from shaspec.task import Task

Strip = Literal["auto", "always", "never"]
"""Strip the scans in which a skull is found, all of them, or none."""

FOLDER = "brain"
MASK_FILE = f"{FOLDER}/mask.nii.gz"
ALIKE = 0.9  # Dice of the brain found in one scan with that of all, below which a notice says so
LOST = 0.01  # part of the labels outside of the mask, above which a notice says so


def as_mode(text: str) -> Strip:
    """A value of ``--strip``; raises `InputError` for an unknown one."""
    for mode in get_args(Strip):
        if text == mode:
            return cast(Strip, mode)
    raise InputError(f"--strip {text}: choose auto, always or never")


@dataclass(frozen=True, eq=False)
class Plan:
    """Which scans are stripped, and how the brain is found; made before anything is registered."""

    names: tuple[str, ...] = ()
    """Modalities to strip, in task order."""
    engine: Engine | None = None
    """Finds the brain in one scan."""
    given: Brain | None = None
    """The brain, if its mask was given."""
    notices: tuple[str, ...] = ()

    def find(
        self,
        volumes: Mapping[str, Volume],
        found: Mapping[str, Registration],
        grid: Grid,
        progress: Report,
    ) -> Brain | None:
        """The brain in the space of the reference; None if no scan is stripped.

        Args:
            volumes: the scans as they were acquired.
            found: modality -> its registration.
            grid: of the reference.
            progress: as for `find_brain`.

        Raises:
            InputError: if no brain is found, or the given mask lies elsewhere.
        """
        if self.given is not None and not self.given.on(grid).any():
            raise InputError(
                "--brain-mask: the mask lies outside of the reference; draw it on that scan"
            )
        if self.given is not None or self.engine is None:
            return self.given
        scans = {
            n: Scan(volumes[n].array, volumes[n].grid, str(volumes[n].path)) for n in self.names
        }
        poses = {n: found[n].transform for n in self.names}
        return find_brain(
            scans, poses, grid, self.engine.segment, voxel_mm=self.engine.voxel_mm,
            sharp=self.engine.sharp, progress=progress,
        )  # fmt: skip

    def strip(self, moved: Mapping[str, Volume], brain: Brain, task: Task) -> dict[str, Volume]:
        """Empty the planned scans outside of the brain; the others stay as they are."""
        masks = {n: brain.on(moved[n].grid) for n in self.names}
        return dict(moved) | {
            n: replace(moved[n], array=_outside_empty(moved[n], mask, task, n))
            for n, mask in masks.items()
        }


def plan_stripping(
    volumes: Mapping[str, Volume],
    task: Task,
    strip: Strip,
    mask: Path | None,
    engine: str = OWN,
) -> Plan:
    """Decide which scans of a case are stripped.

    Args:
        volumes: modality -> scan.
        task: only tasks that expect a stripped brain strip at all, unless ``strip`` is ``always``.
        strip: see `Strip`.
        mask: a mask of the brain to be used in place of the network, for all scans; in the space
            of the reference.
        engine: see `shaspec.stripping.engines`; loaded only if it is needed.

    Returns:
        The plan.

    Raises:
        InputError: if the mask or the engine cannot be used.
        WeightsError: if the weights for skull stripping are needed and not installed.
    """
    checked_engine(engine)
    if strip == "never" and mask is not None:
        raise InputError("--brain-mask needs --strip auto or always, not never")
    skulls = tuple(n for n, v in volumes.items() if _has_skull(v, task, n))
    if strip == "never":
        told = f"{', '.join(skulls)}: the skull was left in place (--strip never)"
        return Plan(notices=(told,) if skulls else ())
    if mask is not None:
        return Plan(tuple(volumes), given=_given(mask))
    names = tuple(volumes) if strip == "always" else skulls
    if not names:
        told = "no skull was found: nothing was stripped"
        return Plan(notices=(told,) if task.anatomy == "brain" else ())
    left = ", ".join(n for n in volumes if n not in names)
    told = f"{left}: no skull was found, not stripped"
    return Plan(names, load_engine(engine), notices=(told,) if left else ())


def write_brain(
    out: Path, brain: Brain, plan: Plan, moved: Mapping[str, Volume], grid: Grid
) -> tuple[BrainMask, list[Path]]:
    """Write the mask on the grid of the reference, and its outline over every stripped scan.

    Args:
        out: folder of the case.
        brain: the brain.
        plan: says which scans are stripped.
        moved: the scans in the space of the reference, with the skull.
        grid: of the reference.

    Returns:
        What `transforms.json` says about the mask, and the paths of all files.
    """
    paths = [write_labels(out / MASK_FILE, brain.on(grid).astype(np.uint8), grid)]
    for name in plan.names:
        volume = moved[name]
        paths.append(out / FOLDER / f"{name.lower()}.png")
        picture = mask_png(volume.array, brain.on(volume.grid), volume.grid, name)
        write_atomically(paths[-1], picture)
    ml = float(np.count_nonzero(brain.on(grid)) * grid.voxel_ml)
    engine = plan.engine.name if plan.engine else ""
    mask = BrainMask(file=MASK_FILE, stripped=plan.names, ml=round(ml, 1), engine=engine)
    return mask, paths


def notices(plan: Plan, brain: Brain | None, labels: Volume | None) -> Iterable[str]:
    """What a user should know about the stripping."""
    yield from plan.notices
    if brain is None:
        return
    yield (
        f"skull stripped from {', '.join(plan.names)}: look at the pictures in {FOLDER}/; if the "
        f"mask is wrong, edit {MASK_FILE} and prepare the case again with it as --brain-mask"
    )
    for name, overlap in brain.overlaps.items():
        if overlap < ALIKE:
            yield f"{name}: shows another brain than the other scans (Dice {overlap:.2f})"
    if labels is not None and (there := labels.array > 0).any():
        lost = 1 - np.count_nonzero(there & brain.on(labels.grid)) / np.count_nonzero(there)
        if lost > LOST:
            yield f"{lost:.0%} of the labels lie outside of the brain mask"


def _has_skull(volume: Volume, task: Task, name: str) -> bool:
    return any(skull(Coarse.of({name: volume.array}, volume.grid, task)))


def _given(path: Path) -> Brain:
    """The brain of a mask file."""
    volume = read_volume(path)
    part = (volume.array > 0).astype(np.float32)
    if not part.any():
        raise InputError(f"{path}: --brain-mask: the mask is empty")
    return Brain(part, volume.grid, {})


def _outside_empty(volume: Volume, mask: Array, task: Task, name: str) -> Array:
    empty = fill_value(volume.array, task.modality(name))
    return np.where(mask, volume.array, volume.array.dtype.type(empty))
