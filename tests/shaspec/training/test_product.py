"""What a run says of itself on the card of its model."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.models.card import load_card
from shaspec.models.registry import build, network_config
from shaspec.task import Task
from shaspec.training.config import make_config
from shaspec.training.prepare import PreparedCase
from shaspec.training.product import save_product


@pytest.mark.parametrize(
    ("seeds", "told"),
    [((3, 4, 5), "seeds 3 to 5"), ((5, 3), "seeds 3, 5"), ((7,), "seeds 7 to 7"), ((), "")],
)
def test_the_card_names_the_phantoms_that_took_part(
    seeds: tuple[int, ...], told: str, brats: Task, tmp_path: Path
) -> None:
    small = {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)}
    values = {"out": tmp_path, "method": "zero-fill", "network": small, "phantoms": 9}
    config = make_config(values | {"max_steps": 1})
    network = build("zero-fill", network_config("zero-fill", "light", brats, **small))
    cases = [PreparedCase(f"phantom-{seed}", True, tmp_path) for seed in seeds]
    save_product(config, brats, network, cases, 1, 0.0, "")
    assert load_card(tmp_path).training.phantoms == told
