"""Cases as training samples: prepared once, kept on disk, cropped in milliseconds.

A sample is a function of (seed, index) alone, so neither the number of worker processes nor a
resumed run changes what the network sees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.windows import union
from shaspec.io.cases import read_case
from shaspec.io.fingerprint import fingerprint
from shaspec.io.folders import find_cases
from shaspec.phantom import make_case
from shaspec.preprocessing import foreground_box, normalise
from shaspec.task import Task
from shaspec.training.config import TrainConfig

MARGIN = 1.25  # crops are read this much larger, so that rotation and scaling find real voxels
PER_REGION = 4000  # candidate centres kept per region
FORMAT = 2  # of the prepared files; part of their key


@dataclass(frozen=True)
class PreparedCase:
    """One case, normalised and cropped to its head, memory-mapped."""

    name: str
    phantom: bool
    images: npt.NDArray[np.float16]
    """(M, S, P, L); an absent modality is all zero."""
    labels: npt.NDArray[np.uint8]
    """(S, P, L) in the task's codes."""
    available: npt.NDArray[np.bool_]
    """(M,)"""
    centres: list[npt.NDArray[np.int32]]
    """Per region (n, 3) voxels to centre crops on; only regions that occur."""
    fingerprints: dict[str, str]
    labelled: bool = True
    """False: ``labels`` says nothing, and is all zero."""


def training_cases(config: TrainConfig, task: Task) -> list[PreparedCase]:
    """All cases of a run, those of the left-out fold excepted."""
    prepared = []
    if config.data is not None:
        held_out = held_out_cases(config)
        for files in find_cases(config.data, task):
            if files.name not in held_out and files.labels is not None:
                key = [stamp(path) for path in (*files.volumes.values(), files.labels)]
                key.append(config.scheme or "")
                load = partial(read_case, files, task, scheme=config.scheme)
                prepared.append(prepare(config.cache, task, files.name, key, load))
        if not prepared:
            raise InputError(f"no labelled case to train on in {config.data}")
    for seed in range(config.phantom_seed, config.phantom_seed + config.phantoms):
        prepared.append(
            prepare(
                config.cache,
                task,
                f"phantom-{seed}",
                [_phantom_version()],
                partial(make_case, seed, task=task.name),
                phantom=True,
            )
        )
    return prepared


def held_out_cases(config: TrainConfig) -> set[str]:
    """Names of the cases in the fold that training must not see."""
    if config.splits is None or config.fold is None:
        return set()
    return fold_cases(config.splits, config.fold)


def fold_cases(splits: Path, fold: int) -> set[str]:
    """Names of the cases of one fold of a split file ``{"folds": [[name, ...], ...]}``."""
    try:
        folds = json.loads(splits.read_text("utf-8"))["folds"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f'{splits} is not a split file with "folds": {error}') from error
    if not 0 <= fold < len(folds):
        raise InputError(f"{splits} has folds 0 to {len(folds) - 1}, not {fold}")
    return set(folds[fold])


class Crops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Sample ``index`` -> image (M, *margin), labels (*margin), available (M,).

    ``margin`` is the crop size times `MARGIN`; augmentation cuts the crop out of it. Another
    ``stream`` draws other crops.
    """

    def __init__(self, cases: Sequence[PreparedCase], config: TrainConfig, stream: int = 0) -> None:
        self.stream = stream
        self.real = [c for c in cases if not c.phantom]
        self.phantoms = [c for c in cases if c.phantom]
        self.config = config
        self.size = tuple(int(np.ceil(n * MARGIN / 2)) * 2 for n in config.crop)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng([self.config.seed, index, self.stream])
        phantom = bool(self.phantoms) and (
            not self.real or rng.random() < self.config.phantom_share
        )
        pool = self.phantoms if phantom else self.real
        case = pool[rng.integers(len(pool))]
        corner = np.array(self._centre(case, rng)) - np.array(self.size) // 2
        images = np.zeros((len(case.images), *self.size), np.float32)
        labels = np.zeros(self.size, np.uint8)
        source, target = [], []
        for c, n, total in zip(corner, self.size, case.labels.shape, strict=True):
            a, b = max(0, c), max(0, min(total, c + n))
            source.append(slice(a, b))
            target.append(slice(a - c, b - c))
        images[(slice(None), *target)] = case.images[(slice(None), *source)]
        labels[tuple(target)] = case.labels[tuple(source)]
        return torch.from_numpy(images), torch.from_numpy(labels), torch.from_numpy(case.available)

    def _centre(self, case: PreparedCase, rng: np.random.Generator) -> npt.NDArray[Any]:
        if case.centres and rng.random() < self.config.foreground:
            voxels = case.centres[rng.integers(len(case.centres))]
            jitter = rng.integers(-8, 9, size=voxels.shape[1])
            return np.asarray(voxels[rng.integers(len(voxels))] + jitter)
        # Anywhere in the head, but for its outermost eighth.
        return np.array([rng.integers(n // 8, n - n // 8 + 1) for n in case.labels.shape])


def prepare(
    cache: Path,
    task: Task,
    name: str,
    key: list[str],
    load: Callable[[], Case],
    *,
    phantom: bool = False,
) -> PreparedCase:
    """From the cache if it is there, else made by ``load()`` and put there."""
    matters = task.model_dump(mode="json", include={"modalities", "regions", "schemes"})
    content = json.dumps([FORMAT, matters, name, *key])
    digest = hashlib.blake2b(content.encode(), digest_size=10).hexdigest()
    folder = cache / f"{name}-{digest}"
    if not folder.is_dir():
        _write(folder, load(), task)
    facts = json.loads((folder / "facts.json").read_text())
    labels = np.load(folder / "labels.npy", mmap_mode="r")
    centres = np.load(folder / "centres.npz")
    return PreparedCase(
        name,
        phantom,
        np.load(folder / "images.npy", mmap_mode="r"),
        labels,
        np.array(facts["available"]),
        [centres[k] for k in sorted(centres.files)],
        facts["fingerprints"],
        facts.get("labelled", True),
    )


def _write(folder: Path, case: Case, task: Task) -> None:
    volumes = {
        n: normalise(v, task.modalities[task.names.index(n)]) for n, v in case.volumes.items()
    }
    box = union([foreground_box(v) for v in volumes.values()])
    shape = tuple(s.stop - s.start for s in box)
    images = np.zeros((len(task.names), *shape), np.float16)
    for m, name in enumerate(task.names):
        if name in volumes:
            images[m] = volumes[name][box]
    labels = np.zeros(shape, np.uint8)
    if case.labels is not None:
        labels[:] = case.labels[box]
    rng = np.random.default_rng(0)
    centres = {}
    for k, mask in enumerate(task.region_masks(labels)):
        voxels = np.argwhere(mask).astype(np.int32)
        if len(voxels):
            chosen = rng.choice(len(voxels), min(PER_REGION, len(voxels)), replace=False)
            centres[f"region{k}"] = voxels[chosen]
    facts = {
        "available": [name in volumes for name in task.names],
        "fingerprints": fingerprint(case),
        "labelled": case.labels is not None,
    }
    # Made aside and moved in place whole, so that two runs at once do not read half a case.
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as temporary:
        aside = Path(temporary) / "case"
        aside.mkdir()
        np.save(aside / "images.npy", images)
        np.save(aside / "labels.npy", labels)
        np.savez(aside / "centres.npz", **centres)  # type: ignore[arg-type]
        (aside / "facts.json").write_text(json.dumps(facts))
        if not folder.exists():
            aside.rename(folder)


def stamp(path: Path) -> str:
    """Changes when the file does; reading it whole would cost more than preparing it again."""
    stat = path.stat()
    return f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"


def _phantom_version() -> str:
    """Changes with the source of the phantom, so that a better one is not hidden by the cache."""
    import shaspec.phantom as package

    root = Path(str(package.__file__))
    files = sorted(root.parent.glob("*.py")) if root.name == "__init__.py" else [root]
    return hashlib.blake2b(b"".join(f.read_bytes() for f in files), digest_size=8).hexdigest()
