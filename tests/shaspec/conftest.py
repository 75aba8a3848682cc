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
from shaspec.phantom import make_case
from shaspec.task import Task, load_task
from tests.tiny_models import TINY, save_tiny

if TYPE_CHECKING:
    from shaspec.models.weights import Model


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


@pytest.fixture(scope="session")
def shaspec_folder(tmp_path_factory: pytest.TempPathFactory, brats: Task) -> Path:
    """Folder of a tiny ShaSpec."""
    return save_tiny(tmp_path_factory.mktemp("tiny-shaspec"), brats)


@pytest.fixture
def shaspec_model(shaspec_folder: Path) -> Model:
    """A tiny ShaSpec with random weights."""
    from shaspec.models.weights import load_model

    return load_model(shaspec_folder)


@pytest.fixture
def make_model(tmp_path: Path, brats: Task) -> Callable[..., Model]:
    """Make a tiny ShaSpec whose configuration differs in the given settings."""
    from shaspec.models.weights import load_model

    def make(**changes: Any) -> Model:
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        return load_model(save_tiny(folder, brats, **changes))

    return make


@pytest.fixture(scope="session")
def picture_model_folder(tmp_path_factory: pytest.TempPathFactory, rgbd: Task) -> Path:
    """Folder of a tiny ShaSpec for colour and depth."""
    return save_tiny(tmp_path_factory.mktemp("tiny-rgbd"), rgbd)


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Task, str], Model]:
    """A tiny model of a task and a method; saved once, loaded anew for every test."""
    from shaspec.models.weights import load_model

    folders: dict[tuple[str, str], Path] = {}

    def get(task: Task, method: str) -> Model:
        if (task.name, method) not in folders:
            folder = tmp_path_factory.mktemp(f"{task.name}-{method}")
            folders[task.name, method] = save_tiny(folder, task, method)
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
    return save_tiny(tmp_path_factory.mktemp("tiny-classifier"), avmnist, "shaspec-classifier")


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
    return save_tiny(tmp_path_factory.mktemp("tiny-zero-fill"), brats, "zero-fill")
