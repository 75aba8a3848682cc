"""One training step: averages of weights and losses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from shaspec.models.weights import load_model
from shaspec.training.checkpoint import CHECKPOINT
from shaspec.training.config import TrainConfig
from shaspec.training.loop import train

FUSION = {"widths": (8, 8, 8, 8), "heads": (1, 1, 1, 1), "depths": (1, 1, 1, 1), "head_width": 8}


@pytest.mark.slow
def test_the_statistics_of_batch_norms_are_averaged_as_the_weights_are(
    configuration: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    settings = {"method": "linear-fusion", "crop": (32, 32, 32), "network": FUSION}
    list(train(configuration(tmp_path, **settings, max_steps=3)))
    last = torch.load(tmp_path / CHECKPOINT, weights_only=True)["network"]
    model = load_model(tmp_path, training=True).network.state_dict()
    names = [name for name in model if name.endswith("running_mean")]
    assert names
    assert not any(torch.equal(model[name], last[name]) for name in names)
