"""Prepare a case: bring all of its scans into the space of one of them, and strip the skull.

Scans that are registered already are passed on voxel by voxel, on their own grid; so are scans
without a skull.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from shaspec.errors import InputError
from shaspec.files.reading import exists, resolved
from shaspec.files.writing import all_or_nothing, make_folder, write_atomically
from shaspec.geometry import Array
from shaspec.io.export import write_volume
from shaspec.io.folders import CaseFiles
from shaspec.io.given_files import Source, files_of
from shaspec.io.gridding import FINEST
from shaspec.io.gridding import reference as reference_volume
from shaspec.io.outputs import check_output, require_no_others
from shaspec.io.reading import Read, chosen, read_volumes
from shaspec.io.resample import resample, resample_scan
from shaspec.io.volumes import Volume
from shaspec.memory import enough_memory
from shaspec.preparation.doubt import DoubtfulError
from shaspec.preparation.overlay import overlay_png
from shaspec.preparation.strip import MASK_FILE, Strip, plan_stripping, write_brain
from shaspec.preparation.strip import notices as strip_notices
from shaspec.preparation.transforms import NAME, Transforms, write_transforms
from shaspec.progress import Report, silent
from shaspec.registration import Registration, Rigid, Scan, register
from shaspec.stripping.engines import OWN
from shaspec.task import Task

NONE: Mapping[str, Registration] = MappingProxyType({})
OVERLAYS = "registration"
"""Subfolder of the pictures to judge the registration by."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared case on the disk."""

    folder: Path
    """Folder of the prepared case."""
    transforms: Transforms
    """How every scan was moved."""
    paths: tuple[Path, ...]
    """All files that were written."""
    notices: tuple[str, ...]
    """What a user should know, e.g. how far a scan was moved."""


def prepare(
    source: Source,
    task: Task,
    out: Path,
    *,
    reference: str = "",
    accept: Collection[str] = (),
    present: Collection[str] | None = None,
    strip: Strip = "auto",
    skull_engine: str = OWN,
    brain_mask: Path | None = None,
    known: Mapping[str, Registration] = NONE,
    check: bool = False,
    overwrite: bool = False,
    progress: Report = silent,
) -> Prepared:
    """Register all scans of a case to one of them, strip the skull, and write the case.

    Args:
        source: the case, as for `shaspec.io.read_case`.
        task: says which modalities and labels there are.
        out: folder of the prepared case.
        reference: the modality that is not moved, or ``finest``; default: the one with the smallest
            voxels, the first in task order among equal ones.
        accept: modalities whose registration is used although it is doubtful.
        present: the modalities to use; default: all.
        strip: ``auto``: strip the scans in which a skull is found; ``always`` or ``never``.
        skull_engine: ``shaspec``, the bundled network, or ``hd-bet``, if it is installed.
        brain_mask: file with a mask of the brain for all scans, in the space of the reference.
        known: registrations of the same scans to the same reference, e.g. those of a
            `DoubtfulError`; they are not computed again.
        check: treat every registration that moves a scan as doubtful.
        overwrite: replace files in ``out``.
        progress: called with ``done``, ``total`` and the stage. An exception raised there cancels
            the work, and nothing is written.

    Returns:
        Paths, transforms and notices.

    Raises:
        InputError: if a file cannot be used, no brain is found, or its engine is not installed.
        DoubtfulError: if a registration is doubtful and not accepted. Its picture is in ``out`` /
            ``registration``.
        WeightsError: if a skull is found and the weights for stripping it are not installed.
    """
    if task.dims != 3:
        raise InputError(f"task {task.name} reads pictures: only volumes are registered")
    files = chosen(files_of(source, task, True), task, present)
    if files.problems:
        raise InputError(files.problems[0])
    _require_elsewhere(out, [*files.volumes.values()])
    new = not exists(out)
    targets, seg = _targets(files, out, brain_mask, overwrite)
    with enough_memory("preparing a case"), all_or_nothing(out, new=new) as folder:
        read = read_volumes(files, task)
        plan = plan_stripping(read.volumes, task, strip, brain_mask, skull_engine)
        fixed = reference_volume(read.volumes, reference or FINEST, "--reference")
        name = next(n for n, volume in read.volumes.items() if volume is fixed)
        registrations = _register_all(read.volumes, name, known, progress)
        moved = {n: _moved(v, fixed, registrations[n], task, n) for n, v in read.volumes.items()}
        pictures = _overlays(moved, name, registrations)
        _require_trusted(read, name, registrations, accept, pictures, out, check=check)
        labels, told = _labels(read, name, registrations)
        brain = plan.find(read.volumes, registrations, fixed.grid, progress)
        mask, masks = write_brain(folder, brain, plan, moved, fixed.grid) if brain else (None, [])
        stripped = plan.strip(moved, brain, task) if brain else moved
        paths = []
        for number, (n, volume) in enumerate(stripped.items()):
            progress(number, len(stripped), f"saving {n}")
            paths.append(write_volume(folder / targets[n].name, volume.array, volume.grid))
        if labels is not None:
            paths.append(write_volume(folder / seg.name, labels.array, labels.grid))
        grids = {n: v.grid for n, v in read.volumes.items()}
        transforms = Transforms(name, grids, registrations, mask)
        paths += [*_written(folder, pictures), *masks, write_transforms(folder, transforms)]
        paths = [out / path.relative_to(folder) for path in paths]
    moves = [f"{n}: {registrations[n]}" for n in registrations if n != name]
    told = (*told, *strip_notices(plan, brain, labels))
    notices = (*files.notices, *read.notices, f"{name} is the reference", *moves, *told)
    return Prepared(out, transforms, tuple(paths), notices)


def _targets(
    files: CaseFiles, out: Path, brain_mask: Path | None, overwrite: bool
) -> tuple[dict[str, Path], Path]:
    """The file of every scan and that of the labels; raises `InputError` if one is in the way."""
    inputs = [p for p in (*files.volumes.values(), files.labels, brain_mask) if p]
    targets = {n: out / f"{files.name}_{n.lower()}.nii.gz" for n in files.volumes}
    seg = out / f"{files.name}_seg.nii.gz"
    require_no_others(out, [*targets.values(), *([seg] if files.labels else [])])
    make_folder(out)
    for path in (*targets.values(), seg, out / NAME, out / MASK_FILE):
        check_output(path, inputs, overwrite=overwrite, keep_own=True)
    return targets, seg


def _require_elsewhere(out: Path, inputs: Collection[Path]) -> None:
    """Raise `InputError` if ``out`` is the folder of an input: two cases would mix there."""
    if any(resolved(path).parent == resolved(out) for path in inputs):
        raise InputError(f"{out}: this is the folder of the case; name another one with --out")


def _register_all(
    volumes: Mapping[str, Volume],
    reference: str,
    known: Mapping[str, Registration],
    progress: Report,
) -> dict[str, Registration]:
    """Modality -> its registration to the reference."""
    fixed = volumes[reference]
    scan = Scan(fixed.array, fixed.grid, str(fixed.path))
    registrations = {name: known[name] for name in volumes if name in known}
    registrations[reference] = Registration(Rigid(), 1.0, 1.0, 0.0, 0.0)
    others = [name for name in volumes if name not in registrations]
    for number, name in enumerate(others):
        volume = volumes[name]
        if not (volume.oriented and fixed.oriented):
            file = volume.path if not volume.oriented else fixed.path
            raise InputError(
                f"{file}: does not say how it lies in space, so it cannot be registered; export it "
                "again with its position, or leave it out with --present"
            )

        def tell(done: int, total: int, stage: str, first: int = number, name: str = name) -> None:
            progress(first * total + done, len(others) * total, f"{name}: {stage}")

        moving = Scan(volume.array, volume.grid, str(volume.path))
        registrations[name] = register(scan, moving, progress=tell)
    return {name: registrations[name] for name in volumes}


def _moved(
    volume: Volume, fixed: Volume, registration: Registration, task: Task, name: str
) -> Volume:
    """The scan on the grid of the reference; a registered one as it is."""
    if registration.already:
        return volume
    array = resample_scan(
        volume.array, volume.grid, fixed.grid, task.modality(name), registration.transform.matrix
    )
    return replace(volume, array=array, grid=fixed.grid)


def _overlays(
    moved: Mapping[str, Volume], reference: str, found: Mapping[str, Registration]
) -> dict[str, bytes]:
    """Modality -> PNG of every scan that was moved or is doubtful over the reference."""
    fixed = moved[reference]
    pictures = {}
    for name, volume in moved.items():
        if found[name].already and not found[name].doubtful:
            continue
        array = resample(volume.array, volume.grid, fixed.grid, order=1, fill=0)
        pictures[name] = overlay_png(fixed.array, array, fixed.grid, (reference, name))
    return {f"{name.lower()}_on_{reference.lower()}.png": png for name, png in pictures.items()}


def _written(folder: Path, pictures: Mapping[str, bytes]) -> list[Path]:
    """Write the pictures of `_overlays`."""
    paths = [folder / OVERLAYS / name for name in pictures]
    for path, picture in zip(paths, pictures.values(), strict=True):
        write_atomically(path, picture)
    return paths


def _require_trusted(
    read: Read,
    reference: str,
    found: Mapping[str, Registration],
    accept: Collection[str],
    pictures: Mapping[str, bytes],
    out: Path,
    *,
    check: bool,
) -> None:
    """Write the pictures and raise `DoubtfulError` for the first scan that a user decides about."""
    accepted = {name.lower() for name in accept}
    for name, registration in found.items():
        asked = registration.doubtful or (check and registration.unchecked)
        if asked and name.lower() not in accepted:
            _written(out, pictures)
            picture = out / OVERLAYS / f"{name.lower()}_on_{reference.lower()}.png"
            raise DoubtfulError(name, reference, read.volumes, picture, found)


def _labels(
    read: Read, reference: str, found: Mapping[str, Registration]
) -> tuple[Volume | None, tuple[str, ...]]:
    """The ground truth, moved with the scan on whose grid it was drawn, and notices.

    Labels on the grid of several scans that were moved differently belong to the reference, if it
    is one of them; otherwise `InputError` is raised.
    """
    labels = read.labels
    if labels is None:
        return None, ()
    on = [n for n, v in read.volumes.items() if v.grid.matches(labels.grid)]
    alike = all(np.allclose(found[n].transform.matrix, found[on[0]].transform.matrix) for n in on)
    if on and not alike and reference in on:
        others = ", ".join(n for n in on if not found[n].already)
        notice = (
            f"the labels are taken as drawn on {reference}; if they were drawn on {others}, "
            "prepare the case again with that scan as --reference"
        )
        return labels, (notice,)
    if not on or not alike:
        if all(registration.already for registration in found.values()):
            return labels, ()
        scans = ", ".join(on)
        which = f"{scans}, which were moved differently" if on else "none of the scans"
        raise InputError(
            f"{labels.path}: the labels lie on the grid of {which}, so it is not known with which "
            "of them they move; move them out of the folder, or register the case without them"
        )
    own = on[0]
    if found[own].already:
        return labels, ()
    through = found[own].transform.matrix
    grid = read.volumes[reference].grid
    array: Array = resample(labels.array, labels.grid, grid, order=0, fill=0, through=through)
    lost = sorted({*map(float, np.unique(labels.array))} - {*map(float, np.unique(array))})
    if lost:
        raise InputError(
            f"{labels.path}: label {lost[0]:g} disappears on the grid of the reference; choose a "
            "finer one with --reference finest"
        )
    return replace(labels, array=array, grid=grid), ()
