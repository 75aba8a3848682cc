"""Training of skull stripping: it learns, it can be interrupted, and it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from shaspec.errors import InputError
from shaspec.phantom.whole_head import Labels, Tissue
from shaspec.stripping import training
from shaspec.stripping.weights import load_stripper


def small_head(seed: int, _atlas: object) -> Labels:
    """Balls in each other in place of a head, which take seconds to make."""
    away = np.linalg.norm(np.indices((32, 32, 32)) - 15.5 - seed % 3, axis=0)
    return np.select(
        [away < 7, away < 8, away < 10, away < 12],
        [Tissue.GREY, Tissue.OUTER_FLUID, Tissue.BONE, Tissue.FAT], Tissue.AIR,
    ).astype(np.uint8)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> training.Run:
    monkeypatch.setattr(training, "make_whole_head", small_head)
    monkeypatch.setattr(training, "SHAPES", ((48, 16, 16), (48, 32, 16), (48, 16, 32)))
    # Never two planes in a row: see `shaspec.training.init_network.refuse_two_planes`.
    monkeypatch.setattr(training, "CHECKS", 2)
    monkeypatch.setattr(training, "WARM_UP", 5)
    torch.manual_seed(0)
    return training.Run(tmp_path)


@pytest.mark.slow
def test_the_loss_falls(run: training.Run) -> None:
    losses = [training.train_step(run, 0.0) for _ in range(30)]
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:8])
    assert all(0 <= dice <= 1 for dice in training.validate(run))


def test_an_interrupted_run_goes_on_where_it_was(run: training.Run) -> None:
    training.train_step(run, 0.0)
    run.minutes = 2.5
    training.save(run)
    again = training.Run(run.out)
    training.resume(again)
    assert (again.step, again.minutes) == (1, 2.5)
    assert training.train_step(again, 0.1) == pytest.approx(training.train_step(run, 0.1), rel=0.01)
    load_stripper(run.out)


def test_a_damaged_checkpoint_is_named(run: training.Run) -> None:
    (run.out / training.CHECKPOINT).write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"checkpoint.pt cannot be read as a checkpoint"):
        training.resume(run)


def test_loss_is_least_for_the_truth() -> None:
    brain = torch.rand(1, 1, 8, 8, 8).round()
    logits = (brain - 0.5) * 20
    right, wrong = (float(training.loss(sign * logits, brain)) for sign in (1, -1))
    assert right < 0.01 < 1 < wrong


def test_a_run_out_of_time_writes_weights_and_tells_its_dice(
    run: training.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    training.main(run.out, max_minutes=1e-6)
    assert "step 1" in capsys.readouterr().out
    load_stripper(run.out)
