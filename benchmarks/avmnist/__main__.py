"""ShaSpec on Audiovision-MNIST (Table 3): does sound in training help to read digits without it?

    python -m benchmarks.avmnist FOLDER [--seeds 10]
    python -m benchmarks.avmnist FOLDER --save MODEL

FOLDER holds MNIST (``train-images-idx3-ubyte.gz`` and the other three) and the Free Spoken Digit
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
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

from benchmarks.avmnist.experiment import EPOCHS, LOSSES, one_seed, save
from benchmarks.avmnist.pairs import Array
from shaspec.training.config import LossConfig


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
