"""Networks that learn digits from images and some sound, and how many digits they read."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from benchmarks.avmnist.pairs import DIGITS, TASK, Pairs, draw_pairs, fingerprints, unpaired_test
from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.registry import CLASSIFIER, build, network_config
from shaspec.models.weights import save_model
from shaspec.task import Subset
from shaspec.training.config import LossConfig
from shaspec.training.methods import moving_average
from shaspec.training.objectives import ClassifierObjective

RATES = (0.05, 0.10, 0.15, 0.20)
LOWER, UPPER = "lower bound: images alone", "upper bound: sound everywhere"
EPOCHS, BATCH = 60, 50
LOSSES = LossConfig(alignment=1)
HEARD = 0.5  # share of the times that a pair with a sound is shown with it
DECAY = 0.995  # of the average of the weights, a step
SHIFT = 2  # pixels by which an image is moved at most, in training
SUBSETS = torch.tensor([[name in subset for name in TASK.names] for subset in TASK.subsets()])


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
            command=shlex.join(["python", "-m", "benchmarks.avmnist", *sys.argv[1:]]),
            minutes=round((time.perf_counter() - begin) / 60, 2),
            steps=epochs * -(-len(train.digits) // BATCH),
            seed=seed,
        ),
        scores={"accuracy on the test pairs, %": scores},
    )
    save_model(model, network, card)
    return scores
