"""A small case and a small model for tests that need both.

torch and the networks are imported by the fixtures that need them: tests of files, names and grids
run without.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from shaspec.case import Case
from shaspec.io import case_from_arrays
from shaspec.models.card import Card
from shaspec.phantom import make_case
from shaspec.task import Task, load_task

if TYPE_CHECKING:
    from shaspec.models.weights import Model

ENCODER = {
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
TINY: dict[str, dict[str, Any]] = {
    "shaspec": {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (8, 6)},
    "maml": {"base_features": 4, "n_downsamplings": 2, "convs": 1, "exclusive": True},
    "simmlm": {"base_features": 4, "n_downsamplings": 2, "convs": 1, "exclusive": True},
    "linear-fusion": {
        "widths": (4, 6),
        "depths": (1, 1),
        "heads": (1, 2),
        "reductions": (2, 1),
        "head_width": 5,
        "exclusive": True,
    },
    "shaspec-classifier": {"widths": (4, 6), "channels": 8, "hidden": 8},
    "zero-fill": {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)},
}


@pytest.fixture(scope="session")
def tiny_shaspec() -> dict[str, Any]:
    """Settings of a ShaSpec of which a step takes a fraction of a second."""
    return TINY["shaspec"]


@pytest.fixture(scope="session")
def brats() -> Task:
    """The glioma task."""
    return load_task("brats")


@pytest.fixture(scope="session")
def rgbd() -> Task:
    """Marks in colour and depth: pictures."""
    return load_task("rgbd")


@pytest.fixture(scope="session")
def picture_case(rgbd: Task) -> Case:
    """A colour picture and a depth map of 40x52 pixels with two marks."""
    rng = np.random.default_rng(0)
    labels = np.zeros((40, 52), np.uint8)
    labels[5:15, 8:20] = 1
    labels[30:33, 10:45] = 2
    colour = rng.integers(60, 120, (3, 40, 52)) + 60 * labels
    depth = rng.integers(10, 30, (40, 52)) + 90 * (labels == 1)
    volumes = {"RGB": colour.astype(np.uint8), "depth": depth.astype(np.uint8)}
    return case_from_arrays(volumes, rgbd, labels=labels, name="39")


@pytest.fixture(scope="session")
def avmnist() -> Task:
    """Digits in image and sound: inputs of different shape, one class."""
    return load_task("avmnist")


@pytest.fixture(scope="session")
def digit_case(avmnist: Task) -> Case:
    """A picture of 28x28 pixels and a cepstrum of 20x20."""
    rng = np.random.default_rng(0)
    volumes = {"image": rng.integers(0, 256, (28, 28)).astype(np.uint8)}
    return case_from_arrays(volumes | {"audio": rng.normal(size=(20, 20))}, avmnist, name="7")


@pytest.fixture(scope="session")
def small_case() -> Case:
    """A doll's head of 40x48x44 voxels with labels."""
    return make_case(9_000_001, shape=(40, 48, 44))


def tiny_model(folder: Path, task: Task, method: str = "shaspec", **changes: Any) -> Model:
    """A model of a few thousand random weights, saved and loaded."""
    import torch

    from shaspec.models.registry import build, network_config
    from shaspec.models.weights import load_model, save_model

    torch.manual_seed(0)
    config = network_config(method, "light", task, **TINY[method], **changes)
    network = build(method, config)
    card = Card(
        name=f"tiny-{method}",
        title="for tests",
        licence="none",
        method=method,
        preset="light",
        network=config.model_dump(mode="json"),
        task=task,
        window=(32,) * task.dims,
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
    from shaspec.models.weights import load_model

    return load_model(shaspec_folder)


@pytest.fixture
def make_model(tmp_path: Path, brats: Task) -> Callable[..., Model]:
    """Make a tiny ShaSpec whose configuration differs in the given settings."""

    def make(**changes: Any) -> Model:
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        return tiny_model(folder, brats, **changes)

    return make


@pytest.fixture(scope="session")
def picture_model_folder(tmp_path_factory: pytest.TempPathFactory, rgbd: Task) -> Path:
    """Folder of a tiny ShaSpec for colour and depth."""
    folder = tmp_path_factory.mktemp("tiny-rgbd")
    tiny_model(folder, rgbd)
    return folder


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Task, str], Model]:
    """A tiny model of a task and a method; saved once, loaded anew for every test."""
    from shaspec.models.weights import load_model

    folders: dict[tuple[str, str], Path] = {}

    def get(task: Task, method: str) -> Model:
        if (task.name, method) not in folders:
            folders[task.name, method] = tmp_path_factory.mktemp(f"{task.name}-{method}")
            tiny_model(folders[task.name, method], task, method)
        return load_model(folders[task.name, method])

    return get


@pytest.fixture(scope="session")
def write_pictures() -> Callable[..., Path]:
    """``write_pictures(folder, case, "rgb.png", "depth.png", "label.png")``, by Pillow."""

    def write(folder: Path, case: Case, *names: str) -> Path:
        arrays = {"rgb": np.moveaxis(case.volumes["RGB"], 0, -1), "depth": case.volumes["depth"]}
        arrays |= {} if case.labels is None else {"label": case.labels}
        for name in names:
            array = next(a for key, a in arrays.items() if key in name)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(folder / name)
        return folder

    return write


@pytest.fixture(scope="session")
def classifier_folder(tmp_path_factory: pytest.TempPathFactory, avmnist: Task) -> Path:
    """Folder of a tiny classifier of digits."""
    folder = tmp_path_factory.mktemp("tiny-classifier")
    tiny_model(folder, avmnist, "shaspec-classifier")
    return folder


@pytest.fixture(scope="session")
def write_digit() -> Callable[..., Path]:
    """``write_digit(folder)``: ``7.png``, a synthetic picture, and ``7.wav``, a tone."""

    def write(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
        Image.fromarray(picture).save(folder / "7.png")
        tone = 9000 * np.sin(np.arange(5000) ** 1.2 / 9)
        with wave.open(str(folder / "7.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(tone.astype("<i2").tobytes())
        return folder

    return write


@pytest.fixture(scope="session")
def zero_fill_folder(tmp_path_factory: pytest.TempPathFactory, brats: Task) -> Path:
    """Folder of a tiny zero-fill baseline."""
    folder = tmp_path_factory.mktemp("tiny-zero-fill")
    tiny_model(folder, brats, "zero-fill")
    return folder
