"""Does sound in training help to read a digit without it? ShaSpec on Audiovision-MNIST (Table 3).

    python benchmarks/avmnist.py FOLDER [--seeds 10]

FOLDER holds MNIST (``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz``) and the Free
Spoken Digit Dataset (``fsdd_recordings.zip`` with ``{digit}_{speaker}_{n}.wav``).

The paper does not publish its pairs. Ours: every one of the 1,500 recordings of the first three
speakers with an MNIST training image of the same digit, no image twice; of each digit 105 pairs
train and 45 test. Both drawings are functions of the seed. Sound is there for 5, 10, 15 or 20 % of
the training pairs (the fewer are among the more), and never in the test.

All rows are the same network with the same start, order of samples, augmentation and number of
steps; they differ in the sound that they have. The lower bound has none in training, the upper has
all, in the test too. Differences are taken seed by seed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import time
import wave
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.fft import dct
from scipy.stats import bootstrap
from torch import Tensor

from shaspec.models.base import Network
from shaspec.models.registry import build, check_config
from shaspec.training.config import LossConfig
from shaspec.training.objectives import ClassifierObjective

Array = npt.NDArray[Any]

SPEAKERS = ("jackson", "nicolas", "theo")
DIGITS, TRAIN_PER_DIGIT = 10, 105
RATES = (0.05, 0.10, 0.15, 0.20)
EPOCHS, BATCH = 60, 50
SHIFT = 2  # pixels by which an image is moved at most, in training

SAMPLE_RATE = 8000
FRAMES, COEFFICIENTS, BANDS = 20, 20, 40
WINDOW, HOP = 256, 184  # 32 ms every 23 ms: 20 frames are the first 0.47 s


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
                with wave.open(io.BytesIO(archive.read(name))) as file:
                    samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
                sounds.append(mfcc(samples / 2**15))
                digits.append(int(digit))
    return np.stack(sounds), np.array(digits)


def mfcc(samples: Array) -> Array:
    """Mel cepstrum (coefficient, frame) of the first 0.47 s, each coefficient to mean 0, sd 1.

    Power spectrum of Hann windows, 40 triangular bands on the mel scale, logarithm, cosine
    transform (Davis & Mermelstein 1980). A shorter recording is followed by silence.
    """
    length = WINDOW + HOP * (FRAMES - 1)
    padded = np.zeros(length)
    padded[: min(length, len(samples))] = samples[:length]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    cepstrum = dct(np.log(power @ mel_bands().T + 1e-6), axis=1, norm="ortho")
    result = cepstrum[:, :COEFFICIENTS].T
    centred = result - result.mean(axis=1, keepdims=True)
    scaled: Array = centred / (centred.std(axis=1, keepdims=True) + 1e-6)
    return scaled


def mel_bands() -> Array:
    """Weights (band, frequency): triangles whose corners are equally far apart in mel."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    frequency = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    low, middle, high = (corners[k : k + BANDS, None] for k in range(3))
    rising, falling = (frequency - low) / (middle - low), (high - frequency) / (high - middle)
    return np.clip(np.minimum(rising, falling), 0, None)


@dataclass(frozen=True)
class Pairs:
    """Images (n, 1, 28, 28), sounds (n, 1, 20, 20) and digits (n,)."""

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
        torch.from_numpy((images[partner, None] / 255 - 0.1307) / 0.3081).float(),
        torch.from_numpy(sounds[:, None]).float(),
        torch.from_numpy(digits),
    )
    there = torch.from_numpy(np.isin(np.arange(len(digits)), np.concatenate(train)))
    return pairs[there], pairs[~there]


# -- experiment -----------------------------------------------------------------------------


def fit(pairs: Pairs, rate: float, seed: int, losses: LossConfig, epochs: int) -> Network:
    """The network trained on all images and on the sounds of a share ``rate`` of the pairs."""
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    wanted = {"modalities": 2, "out_channels": DIGITS, "dims": 2}
    network = build("shaspec-classifier", check_config("shaspec-classifier", wanted)).train()
    objective = ClassifierObjective(losses, exclusive=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-2)
    decay = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.9)
    n = len(pairs.digits)
    present = torch.ones(n, 2, dtype=torch.bool)
    present[torch.randperm(n, generator=rng)[round(rate * n) :], 1] = False
    for _ in range(epochs):
        for rows in torch.randperm(n, generator=rng).split(BATCH):
            sample, there = pairs[rows], present[rows]
            output = network([shifted(sample.images, rng), sample.sounds], there)
            target = F.one_hot(sample.digits, DIGITS).float()
            terms = objective.supervised(output, target, there)
            terms |= objective.auxiliary(output, there)
            optimizer.zero_grad()
            torch.stack(list(terms.values())).sum().backward()
            optimizer.step()
        decay.step()
    return network.eval()


def shifted(images: Tensor, rng: torch.Generator) -> Tensor:
    """Each image moved by up to `SHIFT` pixels; what enters is background."""
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
def accuracy(network: Network, pairs: Pairs, *, with_sound: bool) -> float:
    """Share of the pairs whose digit is recognised, in per cent."""
    present = torch.tensor([[True, with_sound]]).expand(len(pairs.digits), 2)
    logits = network([pairs.images, pairs.sounds], present).logits
    return 100 * (logits.argmax(dim=1) == pairs.digits).float().mean().item()


def one_seed(folder: Path, seed: int, losses: LossConfig, epochs: int) -> dict[str, float]:
    """Accuracy of every row of the table."""
    train, test = draw_pairs(folder, seed)
    rows = {"lower bound: images alone": (0.0, False)}
    rows |= {f"sound in {rate:.0%} of training": (rate, False) for rate in RATES}
    rows |= {"upper bound: sound everywhere": (1.0, True)}
    return {
        title: accuracy(fit(train, rate, seed, losses, epochs), test, with_sound=with_sound)
        for title, (rate, with_sound) in rows.items()
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
    options = parser.parse_args()
    losses = LossConfig(alignment=0, domain=0) if options.plain else LossConfig()
    results = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        start = time.perf_counter()
        results.append(one_seed(options.folder, seed, losses, options.epochs))
        found = ", ".join(f"{value:.2f}" for value in results[-1].values())
        print(f"seed {seed}: {found} ({time.perf_counter() - start:.0f} s)", flush=True)
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
