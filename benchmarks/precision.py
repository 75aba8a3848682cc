"""Compare bfloat16 with float32: seconds, labels, and Dice on cases with ground truth.

    python benchmarks/precision.py DATA [MODEL ...] [--cases N] [--subsets N]

Segments every case of the folder DATA in float32 and in bfloat16 from the same subsets. Prints CPU
seconds as ratios within this run, the share of labels that differ, and the mean difference of Dice
(bfloat16 minus float32) with a 95 % bootstrap interval over cases (seed 0). A case that a model was
trained on counts here: the two runs share the weights.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from shaspec.inference.precision import has_bfloat16
from shaspec.inference.session import InferenceSession
from shaspec.io import find_cases, read_case
from shaspec.models.card import bundled_models
from shaspec.models.weights import Model, load_model
from shaspec.prediction import Prediction
from shaspec.task import Subset


@dataclass
class Figures:
    """What one number format gave: seconds by stage, Dice per case and region."""

    first: list[float] = field(default_factory=list)
    toggle: list[float] = field(default_factory=list)
    dice: list[list[float]] = field(default_factory=list)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two masks; 1 if both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2 * int((a & b).sum()) / total


def run(session: InferenceSession, subset: Subset) -> tuple[Prediction, float]:
    """The result of one subset, and its CPU seconds."""
    start = time.process_time()
    *_, last = session.predict(subset)
    return last.prediction, time.process_time() - start


def compare(model: Model, data: str, most: int, subsets: Sequence[Subset]) -> None:
    """Print the figures of one model."""
    task = model.card.task
    figures = {name: Figures() for name in ("float32", "bfloat16")}
    differ = voxels = 0
    files = find_cases(data, task)[:most]
    for found in files:
        case = read_case(found, task)
        truth = task.region_masks(case.labels)
        labels = {}
        for name, mine in figures.items():
            session = InferenceSession(model, case, device="cpu", precision=name)
            mine.first.append(run(session, case.present)[1])
            scores = []
            for subset in subsets:
                prediction, seconds = run(session, subset)
                mine.toggle.append(seconds)
                labels[name, subset] = prediction.labels
                masks = task.region_masks(prediction.labels)
                scores.append([dice(a, b) for a, b in zip(masks, truth, strict=True)])
            mine.dice.append(np.mean(scores, axis=0).tolist())
        for subset in subsets:
            a, b = (labels[name, subset] for name in figures)
            differ += int((a != b).sum())
            voxels += int((a > 0).sum())
    exact, fast = figures.values()
    first = np.median(fast.first) / np.median(exact.first)
    toggle = np.median(fast.toggle) / np.median(exact.toggle)
    print(f"{model.card.name}: {len(files)} cases, {len(subsets)} subsets")
    print(f"  CPU seconds, bfloat16 / float32: first run {first:.2f}, toggle {toggle:.2f}")
    print(f"  labels that differ: {differ} of {voxels} labelled voxels ({differ / voxels:.3%})")
    change = np.array(fast.dice) - np.array(exact.dice)
    rng = np.random.default_rng(0)
    drawn = change[rng.integers(0, len(change), (2000, len(change)))].mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    for k, name in enumerate(task.region_names):
        print(
            f"  Dice {name}: float32 {np.mean(exact.dice, axis=0)[k]:.4f}, difference "
            f"{change[:, k].mean():+.5f} [{low[k]:+.5f}, {high[k]:+.5f}]"
        )


def main() -> None:
    """Compare the models named on the command line, or all bundled ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--subsets", type=int, default=15)
    options = parser.parse_args()
    if not has_bfloat16(torch.device("cpu")):
        raise SystemExit("this CPU has no instructions for bfloat16: the program uses float32")
    torch.set_num_threads(1)
    for name in options.models or bundled_models():
        model = load_model(name)
        compare(model, options.data, options.cases, model.card.task.subsets()[: options.subsets])


if __name__ == "__main__":
    main()
