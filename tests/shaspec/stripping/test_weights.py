"""Weights for skull stripping are read as they were written, and refused if they are not those."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from shaspec.errors import WeightsError
from shaspec.phantom.atlas import load_atlas
from shaspec.phantom.random_scan import random_scan
from shaspec.phantom.whole_head import make_whole_head
from shaspec.stripping.network import StripNetwork
from shaspec.stripping.scaling import VOXEL_MM, scaled
from shaspec.stripping.weights import (
    CARD_FILE,
    MOST_BYTES,
    WEIGHTS_FILE,
    load_stripper,
    save_stripper,
)

WIDTHS = (8, 8, 12, 16)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_stripper(tmp_path, StripNetwork(WIDTHS), steps=3, minutes=0.5)
    return tmp_path


def test_a_network_is_the_same_again_to_half_precision(tmp_path: Path) -> None:
    network = StripNetwork(WIDTHS).eval()
    save_stripper(tmp_path, network, steps=3, minutes=0.5)
    x = torch.rand(1, 1, 16, 32, 16)
    assert torch.allclose(load_stripper(tmp_path)(x), network(x), atol=0.02)


@pytest.mark.slow
def test_those_of_the_package_find_the_brain_of_a_generated_head() -> None:
    """One that the training did not see: its heads have other seeds."""
    rng, atlas = np.random.default_rng(5), load_atlas()[0]
    scan = random_scan(rng, make_whole_head(2_000_000, atlas), (64, 80, 64), VOXEL_MM)
    image = torch.from_numpy(scaled(scan.image))[None, None]
    with torch.inference_mode():
        found = load_stripper()(image)[0, 0].numpy() > 0
    brain = scan.brain > 0.5
    assert 2 * np.count_nonzero(found & brain) > 0.85 * (found.sum() + brain.sum())


def test_the_weights_are_small(tmp_path: Path) -> None:
    save_stripper(tmp_path, StripNetwork(), steps=0, minutes=0)
    assert (tmp_path / WEIGHTS_FILE).stat().st_size < MOST_BYTES


def test_missing_weights_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"not installed; strip .*--strip never"):
        load_stripper(tmp_path)


def test_weights_of_another_card_are_refused(saved: Path) -> None:
    path = saved / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\1\0")
    with pytest.raises(WeightsError, match="sha256"):
        load_stripper(saved)


@pytest.mark.parametrize("change", [{"widths": [8, 8, 12]}, {"voxel_mm": 3.0}, {"steps": "many"}])
def test_cards_that_do_not_fit_are_refused(saved: Path, change: dict[str, object]) -> None:
    card = json.loads((saved / CARD_FILE).read_text())
    (saved / CARD_FILE).write_text(json.dumps(card | change))
    with pytest.raises(WeightsError, match=r"model.safetensors: .*cannot be used"):
        load_stripper(saved)
