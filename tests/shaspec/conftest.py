"""A small case and a small model, for tests of everything that needs both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.case import Case
from shaspec.models.card import Card
from shaspec.models.registry import build, network_config
from shaspec.models.weights import Model, load_model, save_model
from shaspec.phantom import make_case
from shaspec.task import Task, load_task

TINY = {
    "stem_width": 4,
    "stem_kernel": 3,
    "stem_stride": (2, 2, 2),
    "max_pool": False,
    "widths": (6, 8),
    "depths": (1, 1),
    "channels": 8,
    "dilations": (1, 2),
    "image_pool": False,
}


@pytest.fixture(scope="session")
def brats() -> Task:
    """The glioma task."""
    return load_task("brats")


@pytest.fixture(scope="session")
def small_case() -> Case:
    """A doll's head of 40x48x44 voxels with labels."""
    return make_case(9_000_001, shape=(40, 48, 44))


def tiny_model(folder: Path, task: Task, method: str = "shaspec", **changes: Any) -> Model:
    """A model of a few thousand random weights, saved and loaded."""
    torch.manual_seed(0)
    small = (
        {"shared": TINY, "specific": TINY, "decoder_widths": (8, 6)}
        if method == "shaspec"
        else {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)}
    )
    config = network_config(method, "light", task, **small, **changes)
    network = build(method, config)
    card = Card(
        name=f"tiny-{method}",
        title="for tests",
        licence="none",
        method=method,
        preset="light",
        network=config.model_dump(mode="json"),
        task=task,
        window=(32, 32, 32),
        instant_toggles=network.instant_toggles,
    )
    save_model(folder, network, card)
    return load_model(folder)


@pytest.fixture(scope="session")
def shaspec_folder(tmp_path_factory: pytest.TempPathFactory, brats: Task) -> Path:
    """Folder of a tiny ShaSpec."""
    folder = tmp_path_factory.mktemp("tiny-shaspec")
    tiny_model(folder, brats)
    return folder


@pytest.fixture
def shaspec_model(shaspec_folder: Path) -> Model:
    """A tiny ShaSpec with random weights."""
    return load_model(shaspec_folder)


@pytest.fixture
def make_model(tmp_path: Path, brats: Task) -> Callable[..., Model]:
    """Make a tiny ShaSpec whose configuration differs in the given settings."""

    def make(**changes: Any) -> Model:
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        return tiny_model(folder, brats, **changes)

    return make


@pytest.fixture(scope="session")
def zero_fill_folder(tmp_path_factory: pytest.TempPathFactory, brats: Task) -> Path:
    """Folder of a tiny zero-fill baseline."""
    folder = tmp_path_factory.mktemp("tiny-zero-fill")
    tiny_model(folder, brats, "zero-fill")
    return folder
