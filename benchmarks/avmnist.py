"""ShaSpec on Audiovision-MNIST (Table 3): does sound in training help to read digits without it?

    python benchmarks/avmnist.py FOLDER [--seeds 10]
    python benchmarks/avmnist.py FOLDER --save MODEL

FOLDER contains MNIST (``train-images-idx3-ubyte.gz`` and the other three) and the Free Spoken Digit
Dataset (``fsdd_recordings.zip`` with ``{digit}_{speaker}_{n}.wav``).

The pairs of the paper are not published. Here, each of the 1,500 recordings of the first three
speakers is paired with a different MNIST training image of the same digit; per digit, 105 pairs are
for training and 45 for testing. Both draws depend on the seed. 5, 10, 15 or 20 % of the training
pairs have sound (smaller sets are part of larger ones), and no test pair has. In each epoch, sound
is dropped at random from half of the pairs that have it, so that the network also learns from
images only. The weight of the alignment loss is ten times that for volumes. Both settings were
chosen on seeds of 100 and more.

All rows use the same network, initial weights, order of samples, augmentation and number of steps;
they only differ in the available sound. The lower bound has no sound in training, the upper bound
has all, also in the test. Differences are paired by seed. The moving average of the weights is
tested: with the weights of the last step, repeated runs differ by one or two per cent.

With 450 test pairs, accuracies are uncertain by about one per cent. So a second table has the same
networks on the 10,000 images of the MNIST test set (``t10k-images-idx3-ubyte.gz``).

``--save`` trains on all images and sounds of the first seed, with random subsets of each pair, and
writes a model folder for ``shaspec predict IMAGE.png SOUND.wav --model MODEL`` and the panel
Segment. (The upper bound was only trained on complete pairs, and fails if one input is missing.)
"""

from __future__ import annotations

import argparse
import gzip
import shlex
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.stats import bootstrap
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from shaspec.io.sound import decode, mfcc
from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.fingerprint import volume_fingerprint
from shaspec.models.registry import CLASSIFIER, build, network_config
from shaspec.models.weights import save_model
from shaspec.preprocessing import normalise
from shaspec.task import Subset, load_task
from shaspec.training.config import LossConfig
from shaspec.training.methods import moving_average
from shaspec.training.objectives import ClassifierObjective

Array = npt.NDArray[Any]

SPEAKERS = ("jackson", "nicolas", "theo")
DIGITS, TRAIN_PER_DIGIT = 10, 105
RATES = (0.05, 0.10, 0.15, 0.20)
LOWER, UPPER = "lower bound: images alone", "upper bound: sound everywhere"
EPOCHS, BATCH = 60, 50
LOSSES = LossConfig(alignment=1)
HEARD = 0.5  # share of the times that a pair with a sound is shown with it
DECAY = 0.995  # of the average of the weights, a step
SHIFT = 2  # pixels by which an image is moved at most, in training
TASK = load_task("avmnist")
SUBSETS = torch.tensor([[name in subset for name in TASK.names] for subset in TASK.subsets()])


# -- data -----------------------------------------------------------------------------------


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


# -- experiment -----------------------------------------------------------------------------


def fit(
    pairs: Pairs, rate: float, seed: int, losses: LossConfig, epochs: int, *, drop: bool = False
) -> Network:
    """The network trained on all images and on the sounds of a share ``rate`` of the pairs.

    ``drop``: every pair is shown as any subset, so that the network also learns from sound only.
    """
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = build(CLASSIFIER, network_config(CLASSIFIER, "light", TASK)).train()
    average = AveragedModel(network, multi_avg_fn=moving_average(DECAY), use_buffers=True)
    objective = ClassifierObjective(losses, exclusive=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-2)
    decay = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.9)
    n = len(pairs.digits)
    present = torch.ones(n, 2, dtype=torch.bool)
    present[torch.randperm(n, generator=rng)[round(rate * n) :], 1] = False
    for _ in range(epochs):
        for rows in torch.randperm(n, generator=rng).split(BATCH):
            sample, there = pairs[rows], present[rows]
            if drop:
                there = SUBSETS[torch.randint(len(SUBSETS), (len(rows),), generator=rng)]
            else:
                there[:, 1] &= torch.rand(len(rows), generator=rng) < HEARD
            output = network([shifted(sample.images, rng), sample.sounds], there)
            target = F.one_hot(sample.digits, DIGITS).float()
            terms = objective.supervised(output, target, there)
            terms |= objective.auxiliary(output, there)
            optimizer.zero_grad()
            torch.stack(list(terms.values())).sum().backward()
            optimizer.step()
            average.update_parameters(network)
        decay.step()
    averaged: Network = average.module
    return averaged.eval()


def shifted(images: Tensor, rng: torch.Generator) -> Tensor:
    """Each image shifted by up to `SHIFT` pixels and padded with background."""
    moves = torch.randint(-SHIFT, SHIFT + 1, (len(images), 2), generator=rng)
    background = images.min()
    size = images.shape[-1]
    padded = F.pad(images, (SHIFT,) * 4, value=float(background))
    moved = [
        image[:, SHIFT + y : SHIFT + y + size, SHIFT + x : SHIFT + x + size]
        for image, (y, x) in zip(padded, moves.tolist(), strict=True)
    ]
    return torch.stack(moved)


@torch.no_grad()
def accuracy(network: Network, pairs: Pairs, subset: Subset) -> float:
    """Accuracy from ``subset``, in per cent."""
    present = torch.tensor([[name in subset for name in TASK.names]])
    logits = network([pairs.images, pairs.sounds], present.expand(len(pairs.digits), 2)).logits
    return 100 * (logits.argmax(dim=1) == pairs.digits).float().mean().item()


def one_seed(
    folder: Path, seed: int, losses: LossConfig, epochs: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Accuracy of every row on the test pairs; and on MNIST's test images, which need no sound."""
    train, test = draw_pairs(folder, seed)
    more = unpaired_test(folder)
    image = ("image",)
    rates = {LOWER: 0.0} | {f"sound in {rate:.0%} of training": rate for rate in RATES}
    pairs, images = {}, {}
    for title, rate in rates.items():
        network = fit(train, rate, seed, losses, epochs)
        pairs[title] = accuracy(network, test, image)
        images[title] = accuracy(network, more, image)
    pairs[UPPER] = accuracy(fit(train, 1.0, seed, losses, epochs), test, TASK.names)
    return pairs, images


def save(model: Path, folder: Path, seed: int, losses: LossConfig, epochs: int) -> dict[str, float]:
    """Writes a model for any subset into the folder ``model``; returns its test accuracies."""
    begin = time.perf_counter()
    train, test = draw_pairs(folder, seed)
    network = fit(train, 1.0, seed, losses, epochs, drop=True)
    scores = {TASK.subset_name(s): accuracy(network, test, s) for s in TASK.subsets()}
    card = Card(
        name=model.name,
        title="Digits in image and sound",
        description="ShaSpec for classification, on MNIST and the Free Spoken Digit Dataset.",
        licence="research use; trained on MNIST and FSDD (CC BY-SA 4.0)",
        method=CLASSIFIER,
        preset="light",
        network=network.config.model_dump(mode="json"),
        task=TASK,
        window=(28, 28),
        instant_toggles=network.instant_toggles,
        training=Training(
            fingerprints={f"pair-{n}": fingerprints(train, n) for n in range(len(train.digits))},
            command=shlex.join(["python", *sys.argv]),
            minutes=round((time.perf_counter() - begin) / 60, 2),
            steps=epochs * -(-len(train.digits) // BATCH),
            seed=seed,
        ),
        scores={"accuracy on the test pairs, %": scores},
    )
    save_model(model, network, card)
    return scores


def fingerprints(pairs: Pairs, n: int) -> dict[str, str]:
    """Fingerprints that identify a training pair."""
    wanted = TASK.modality("image")
    pixels = pairs.images[n, 0].numpy() * wanted.deviation + wanted.mean
    return {
        "image": volume_fingerprint(pixels.round().astype(np.uint8)),
        "audio": volume_fingerprint(pairs.sounds[n, 0].numpy()),
    }


def table(results: Sequence[dict[str, float]]) -> list[str]:
    """Mean and spread over seeds; paired difference to the lower bound with its interval."""
    titles = list(results[0])
    values = {title: np.array([r[title] for r in results]) for title in titles}
    lines = [f"{'accuracy %':32} {'mean':>6} {'sd':>5}   minus lower bound, 95 % interval"]
    for title, found in values.items():
        spread = found.std(ddof=1) if len(found) > 1 else 0.0
        line = f"{title:32} {found.mean():6.2f} {spread:5.2f}"
        if title != titles[0]:
            line += f"   {interval(found - values[titles[0]])}"
        lines.append(line)
    return lines


def interval(differences: Array) -> str:
    """Mean and 95 % percentile bootstrap interval over seeds (10,000 draws, fixed seed)."""
    mean = f"{differences.mean():+.2f}"
    if len(differences) < 2:
        return f"{mean} (one seed, no interval)"
    found = bootstrap((differences,), np.mean, n_resamples=10_000, method="percentile", rng=0)
    return f"{mean} [{found.confidence_interval.low:+.2f}, {found.confidence_interval.high:+.2f}]"


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument(
        "--plain", action="store_true", help="without alignment and domain classification"
    )
    parser.add_argument("--save", type=Path, metavar="MODEL", help="folder of a model to write")
    options = parser.parse_args()
    losses = LossConfig(alignment=0, domain=0) if options.plain else LOSSES
    if options.save:
        chosen = options.folder, options.first_seed, losses, options.epochs
        for subset, percent in save(options.save, *chosen).items():
            print(f"{subset}: {percent:.2f} % of the test pairs")
        return
    results: list[tuple[dict[str, float], dict[str, float]]] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        start = time.perf_counter()
        results.append(one_seed(options.folder, seed, losses, options.epochs))
        found = " | ".join(", ".join(f"{v:.2f}" for v in part.values()) for part in results[-1])
        print(f"seed {seed}: {found} ({time.perf_counter() - start:.0f} s)", flush=True)
    print("\n450 test pairs", *table([pairs for pairs, _ in results]), sep="\n")
    print(
        "\n10,000 images of MNIST's test set", *table([images for _, images in results]), sep="\n"
    )


if __name__ == "__main__":
    main()
