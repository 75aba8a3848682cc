"""Pairs of an MNIST image and a recording of the same digit, and how they are drawn."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shaspec.io.sound import decode, mfcc
from shaspec.models.fingerprint import volume_fingerprint
from shaspec.preprocessing import normalise
from shaspec.task import load_task

Array = npt.NDArray[Any]

SPEAKERS = ("jackson", "nicolas", "theo")
DIGITS, TRAIN_PER_DIGIT = 10, 105
TASK = load_task("avmnist")


def read_idx(path: Path) -> Array:
    """An array of bytes in MNIST's format: two zeros, type 8, dimensions, sizes, values."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def read_sounds(path: Path) -> tuple[Array, Array]:
    """MFCC (n, 20, 20) and digit (n,) of the recordings of `SPEAKERS`, sorted by file name."""
    sounds, digits = [], []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".wav")):
            digit, speaker, _ = Path(name).stem.split("_")
            if speaker in SPEAKERS:
                sounds.append(mfcc(decode(archive.read(name), name)))
                digits.append(int(digit))
    return np.stack(sounds), np.array(digits)


@dataclass(frozen=True)
class Pairs:
    """Normalised images (n, 1, 28, 28) and sounds (n, 1, 20, 20); digits (n,)."""

    images: Tensor
    sounds: Tensor
    digits: Tensor

    def __getitem__(self, rows: Tensor) -> Pairs:
        return Pairs(self.images[rows], self.sounds[rows], self.digits[rows])


def draw_pairs(folder: Path, seed: int) -> tuple[Pairs, Pairs]:
    """Training and test pairs, each a function of the seed."""
    images = read_idx(folder / "train-images-idx3-ubyte.gz")
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
    sounds, digits = read_sounds(folder / "fsdd_recordings.zip")
    rng = np.random.default_rng(seed)
    partner = np.zeros(len(digits), int)
    train = []
    for digit in range(DIGITS):
        heard = np.flatnonzero(digits == digit)
        partner[heard] = rng.choice(np.flatnonzero(labels == digit), len(heard), replace=False)
        train.append(rng.permutation(heard)[:TRAIN_PER_DIGIT])
    pairs = Pairs(
        torch.from_numpy(normalise(images[partner, None], TASK.modality("image"))),
        torch.from_numpy(normalise(sounds[:, None], TASK.modality("audio"))),
        torch.from_numpy(digits),
    )
    there = torch.from_numpy(np.isin(np.arange(len(digits)), np.concatenate(train)))
    return pairs[there], pairs[~there]


def unpaired_test(folder: Path) -> Pairs:
    """The images of MNIST's test set, without sounds."""
    images = read_idx(folder / "t10k-images-idx3-ubyte.gz")
    digits = read_idx(folder / "t10k-labels-idx1-ubyte.gz")
    return Pairs(
        torch.from_numpy(normalise(images[:, None], TASK.modality("image"))),
        torch.zeros(len(images), 1, 1, 1),
        torch.from_numpy(digits.astype(np.int64)),
    )


def fingerprints(pairs: Pairs, n: int) -> dict[str, str]:
    """Fingerprints that identify a training pair."""
    wanted = TASK.modality("image")
    pixels = pairs.images[n, 0].numpy() * wanted.deviation + wanted.mean
    return {
        "image": volume_fingerprint(pixels.round().astype(np.uint8)),
        "audio": volume_fingerprint(pairs.sounds[n, 0].numpy()),
    }
