"""Train the network for skull stripping on generated heads alone.

    python -m shaspec.stripping.training OUT --max-minutes 240

The same command continues a run that was interrupted. OUT then has ``checkpoint.pt``, the heads and
the weights, which are averages over the last steps, with their card.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Any

import numpy as np
import torch
import torch.nn.functional as F
import typer
from rich.console import Console
from torch import Tensor

from shaspec.errors import InputError
from shaspec.files.lock import locked_folder
from shaspec.files.reading import is_file, open_regular
from shaspec.files.writing import replacing
from shaspec.phantom.atlas import load_atlas
from shaspec.phantom.fields import Shape
from shaspec.phantom.random_scan import RandomScan, random_scan
from shaspec.phantom.whole_head import Labels, make_whole_head
from shaspec.stripping.network import StripNetwork
from shaspec.stripping.scaling import VOXEL_MM, scaled
from shaspec.stripping.weights import save_stripper

CHECKPOINT = "checkpoint.pt"
SHAPES: tuple[Shape, ...] = ((64, 80, 64), (96, 64, 64), (96, 96, 80))
SHARES = (0.45, 0.3, 0.25)  # of these shapes: most of the brain, a part with the neck, all
RATE, WARM_UP = 2e-3, 100
AVERAGED = 0.99  # decay of the averages of the weights
FIRST_HEADS, HEADS, NEW_HEAD = 8, 80, 25  # heads at first, at last, and steps until one more
HELD_OUT = 1_000_000  # first seed of the heads and scans for validation
CHECKS = 6  # of them


def _network() -> StripNetwork:
    network = StripNetwork()
    for parameter in network.parameters():
        if parameter.dim() == 5:  # faster on CPUs
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
    return network


@dataclass
class Run:
    """State of a training run."""

    out: Path
    network: StripNetwork = field(default_factory=_network)
    average: StripNetwork = field(default_factory=_network)
    step: int = 0
    minutes: float = 0.0

    def __post_init__(self) -> None:
        self.atlas, _ = load_atlas()
        self.average.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(self.network.parameters(), RATE, weight_decay=1e-4)
        self._heads: dict[int, Labels] = {}

    def parts(self) -> dict[str, Any]:
        """What a checkpoint keeps beside the counters."""
        return {
            "network": self.network,
            "average": self.average,
            "optimizer": self.optimizer,
        }

    def head(self, seed: int) -> Labels:
        """A head, from the folder of the run if it was made before."""
        if seed not in self._heads:
            path = self.out / "heads" / f"{seed}.npz"
            if is_file(path):
                with np.load(path) as file:
                    self._heads[seed] = file["tissues"]
            else:
                self._heads[seed] = make_whole_head(seed, self.atlas)
                with replacing(path) as file:
                    np.savez_compressed(file, tissues=self._heads[seed])
        return self._heads[seed]

    def sample(self, number: int) -> tuple[Tensor, Tensor]:
        """Scan and brain (1, 1, S, P, L) of a step, or from `HELD_OUT` on for validation."""
        rng = np.random.default_rng([number, 7])
        if number < HELD_OUT:
            heads = min(HEADS, FIRST_HEADS + self.step // NEW_HEAD)
            seed = int(rng.integers(heads))
        else:
            seed = number
        shape = SHAPES[rng.choice(len(SHAPES), p=SHARES)]
        return _tensors(random_scan(rng, self.head(seed), shape, VOXEL_MM))


def _tensors(scan: RandomScan) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(scaled(scan.image))[None, None], torch.from_numpy(scan.brain)[
        None, None
    ]


def loss(logits: Tensor, brain: Tensor) -> Tensor:
    """Cross-entropy and Dice loss with a soft truth, which has the surface between the voxels."""
    part = torch.sigmoid(logits)
    overlap = (2 * (part * brain).sum() + 1) / (part.sum() + brain.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, brain) + (1 - overlap)


def train_step(run: Run, progress: float) -> float:
    """One step at a share ``progress`` of the budget; returns the loss."""
    rate = RATE * min(1.0, (run.step + 1) / WARM_UP) * max(1 - progress, 0.02)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    image, brain = run.sample(run.step)
    run.network.train()
    with torch.autocast("cpu", torch.bfloat16):
        logits = run.network(image)
    value = loss(logits.float(), brain)
    run.optimizer.zero_grad()
    value.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
    run.optimizer.step()
    run.step += 1
    kept = min(AVERAGED, run.step / (run.step + 10))
    with torch.no_grad():
        for mean, now in zip(run.average.parameters(), run.network.parameters(), strict=True):
            mean.lerp_(now, 1 - kept)
    return float(value.detach())


@torch.inference_mode()
def validate(run: Run) -> list[float]:
    """Dice of the averaged network on generated heads that it was not trained on."""
    scores = []
    for number in range(CHECKS):
        image, brain = run.sample(HELD_OUT + number)
        with torch.autocast("cpu", torch.bfloat16):
            mask = run.average(image).float() > 0
        truth = brain > 0.5
        scores.append(2 * float((mask & truth).sum()) / float(mask.sum() + truth.sum()))
    return scores


def save(run: Run) -> None:
    """Write checkpoint and weights."""
    state = {name: part.state_dict() for name, part in run.parts().items()}
    with replacing(run.out / CHECKPOINT) as file:
        torch.save(state | {"step": run.step, "minutes": run.minutes}, file)
    save_stripper(run.out, run.average, steps=run.step, minutes=run.minutes)


def resume(run: Run) -> None:
    """Load the checkpoint, if there is one; raises `InputError` if it cannot be read."""
    path = run.out / CHECKPOINT
    if not is_file(path):
        return
    try:
        with open_regular(path) as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
        for name, part in run.parts().items():
            part.load_state_dict(state[name])
        run.step, run.minutes = int(state["step"]), float(state["minutes"])
    except (UnpicklingError, KeyError, RuntimeError, ValueError, TypeError, EOFError) as error:
        raise InputError(
            f"{path} cannot be read as a checkpoint ({error}): use another folder, or delete it to "
            "start again"
        ) from error


def main(
    out: Annotated[Path, typer.Argument(help="Folder of the run.")],
    max_minutes: Annotated[float, typer.Option(help="Minutes, earlier runs included.")] = 240.0,
    save_minutes: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 10.0,
) -> None:
    """Train the network for skull stripping on generated heads, or continue."""
    console = Console()
    torch.manual_seed(21)
    run = Run(out)
    with locked_folder(out, "training"):
        resume(run)
        before, begin, saved = run.minutes, time.monotonic(), run.minutes
        losses: list[float] = []
        while run.minutes < max_minutes:
            losses.append(train_step(run, run.minutes / max_minutes))
            run.minutes = before + (time.monotonic() - begin) / 60
            if run.minutes - saved >= save_minutes or run.minutes >= max_minutes:
                saved = run.minutes
                save(run)
                dice = validate(run)
                console.print(
                    f"step {run.step}, {run.minutes:.0f} min: loss {np.mean(losses):.4f}, Dice "
                    f"{np.mean(dice):.4f}, smallest {min(dice):.4f}"
                )
                losses.clear()


if __name__ == "__main__":
    typer.run(main)
