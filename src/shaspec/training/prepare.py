"""Cases prepared for training: normalised, cropped to their content, kept on disk.

Volumes are kept as int16 with one scale per volume, which is smaller in error than float16 for all
but the faintest intensities, and exactly 0 where the background is.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from shaspec.case import Case
from shaspec.errors import InputError, OutOfMemoryError, ShaspecError
from shaspec.files.reading import is_folder
from shaspec.files.writing import new_folder, sweep
from shaspec.inference.spacing import resized, shape_at
from shaspec.inference.windows import union
from shaspec.io.cases import read_case
from shaspec.io.folders import CaseFiles
from shaspec.memory import enough_memory
from shaspec.models.fingerprint import fingerprint
from shaspec.phantom import make_case
from shaspec.preprocessing import content_box, normalise
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.identity import content, phantom_version, reading
from shaspec.training.prepared import Facts, PreparedCase, write_prepared
from shaspec.training.selection import Selection

PER_REGION = 4000  # candidate centres kept per region
FORMAT = 6  # of the prepared files; part of their key
LARGEST = np.iinfo(np.int16).max


@dataclass(frozen=True)
class _Job:
    """A case that has to be in the cache: where, and how it is made if it is not."""

    target: PreparedCase
    task: Task
    load: Callable[[], Case]


@dataclass(frozen=True)
class LeftOut:
    """A case that cannot be used."""

    name: str
    reason: str


def prepare(
    config: TrainConfig, task: Task, selection: Selection, rank: int = 0, world: int = 1
) -> Iterator[PreparedCase | LeftOut]:
    """Yield all cases of a run in order, from the cache or newly prepared.

    A case that cannot be used does not stop the others. Each of several processes (``world``)
    begins with a different share.

    Raises:
        ShaspecError: if the cache cannot be written, e.g. for want of space.
    """
    sweep(config.cache)
    jobs: list[_Job | LeftOut] = [_real(config, task, files) for files in selection.training]
    jobs += [_phantom(config, task, seed) for seed in selection.phantoms]
    jobs = [_hidden(job) if _name(job) in selection.hidden else job for job in jobs]
    jobs += [_hidden(_real(config, task, files)) for files in selection.unlabelled]
    if world > 1:
        for job in jobs[rank::world]:
            _ensure(job)
    missing = sum(isinstance(job, _Job) and not is_folder(job.target.folder) for job in jobs)
    workers = min(config.prepare_workers, missing)
    if workers < 2:
        yield from map(_ensure, jobs)
        return
    # Fresh interpreters: a forked one would inherit the thread pools of torch, and hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        yield from pool.map(_ensure, jobs)


def _name(job: _Job | LeftOut) -> str:
    return job.name if isinstance(job, LeftOut) else job.target.name


def _hidden(job: _Job | LeftOut) -> _Job | LeftOut:
    """The same case with its labels hidden."""
    if isinstance(job, LeftOut):
        return job
    return replace(job, target=replace(job.target, labelled=False))


def _real(config: TrainConfig, task: Task, files: CaseFiles) -> _Job | LeftOut:
    load = partial(read_case, files, task, **reading(config))
    try:
        key = content(files, task, config)
    except InputError as error:
        return LeftOut(files.name, str(error))
    return _Job(_target(config, task, files.name, key, phantom=False), task, load)


def _phantom(config: TrainConfig, task: Task, seed: int) -> _Job:
    load = partial(make_case, seed, task=task.name)
    key = {"phantom": task.name, "seed": seed, "version": phantom_version()}
    return _Job(_target(config, task, f"phantom-{seed}", key, phantom=True), task, load)


def _target(
    config: TrainConfig, task: Task, name: str, key: dict[str, Any], *, phantom: bool
) -> PreparedCase:
    matters = {"modalities", "labels", "regions", "schemes", "spacing"}
    content = json.dumps([FORMAT, task.model_dump(mode="json", include=matters), key])
    digest = hashlib.blake2b(content.encode(), digest_size=10).hexdigest()
    return PreparedCase(name, phantom, config.cache / digest)


def _ensure(job: _Job | LeftOut) -> PreparedCase | LeftOut:
    if isinstance(job, LeftOut):
        return job
    folder = job.target.folder
    if not is_folder(folder):
        try:
            with enough_memory(f"preparing case {job.target.name}"):
                _write(folder, job.load(), job.task)
        except (InputError, OutOfMemoryError) as error:
            return LeftOut(job.target.name, str(error))
        except OSError as error:
            raise ShaspecError(
                f"prepared cases cannot be written to {folder.parent} ({error}): make "
                "room there, or set cache to a folder on another disk"
            ) from error
    return job.target


def _write(folder: Path, case: Case, task: Task) -> None:
    volumes = {n: normalise(v, task.modality(n)) for n, v in case.volumes.items()}
    box = union([content_box(v, task.modality(n)) for n, v in volumes.items()])
    written_labels = np.zeros(case.grid.shape, np.uint8) if case.labels is None else case.labels
    shape = shape_at(written_labels[box].shape, case.grid.spacing, task.spacing, case.name)
    labels = _resized(written_labels[box], shape, labels=True)
    images = np.zeros((sum(task.channels), *shape), np.int16)
    scales = np.ones(len(images), np.float32)
    owners = [m.name for m in task.modalities for _ in range(m.channels)]
    for c, name in enumerate(owners):
        if name in volumes:
            channels = volumes[name].reshape(-1, *case.grid.shape)
            channel = channels[c - owners.index(name)][box]
            images[c], scales[c] = quantised(_resized(channel, shape))
    rng = np.random.default_rng(0)
    centres = {}
    for k, mask in enumerate(task.region_masks(labels)):
        voxels = np.argwhere(mask).astype(np.int32)
        if len(voxels):
            chosen = rng.choice(len(voxels), min(PER_REGION, len(voxels)), replace=False)
            centres[f"region{k:03}"] = voxels[chosen]
    facts = Facts(
        available=tuple(name in volumes for name in task.names),
        scales=tuple(map(float, scales)),
        fingerprints=fingerprint(case),
    )
    with new_folder(folder) as aside:  # so that two runs at once do not read half a case
        write_prepared(aside, images, labels, centres, facts)


def _resized(
    volume: npt.NDArray[Any], shape: tuple[int, ...], *, labels: bool = False
) -> npt.NDArray[Any]:
    tensor = torch.from_numpy(np.require(volume, requirements=["C", "W"]))  # files may be mapped
    return resized(tensor[None], shape, labels=labels)[0].numpy()


def quantised(volume: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int16], np.float32]:
    """``volume`` as int16 and the factor that gives it back; 0 stays exactly 0."""
    scale = np.float32(max(float(np.abs(volume).max(initial=0.0)), 1e-6) / LARGEST)
    return np.rint(volume / scale).astype(np.int16), scale
