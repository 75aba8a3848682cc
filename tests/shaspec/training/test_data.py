"""Training crops: any size, from cases of any size, around regions."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.training.config import make_config
from shaspec.training.data import Crops
from shaspec.training.prepared import PreparedCase

sizes = st.tuples(*[st.integers(1, 24)] * 3)


def stored(folder: Path, shape: tuple[int, ...], voxel: tuple[int, ...]) -> PreparedCase:
    """A case that is 1 everywhere, with a region of one voxel."""
    labels = np.zeros(shape, np.uint8)
    labels[voxel] = 1
    np.save(folder / "images.npy", np.ones((1, *shape), np.int16))
    np.save(folder / "labels.npy", labels)
    np.savez(folder / "centres.npz", region000=np.array([voxel], np.int32))
    facts = {"available": [True], "scales": [1.0], "fingerprints": {}}
    (folder / "facts.json").write_text(json.dumps(facts))
    return PreparedCase("case", phantom=False, folder=folder)


@settings(max_examples=40)
@given(crop=sizes, shape=sizes, seed=st.integers(0, 1000), foreground=st.sampled_from((0, 1)))
def test_a_crop_of_any_size_shows_some_of_a_case_of_any_size(
    crop: tuple[int, ...], shape: tuple[int, ...], seed: int, foreground: int
) -> None:
    voxel = tuple(np.random.default_rng(seed).integers(shape))
    config = make_config(
        {"out": "o", "max_steps": 1, "phantoms": 1, "seed": seed}
        | {"crop": crop, "foreground": foreground}
    )
    with TemporaryDirectory() as folder:
        samples = Crops([stored(Path(folder), shape, voxel)], config)
        for index in range(4):
            image, labels, available = samples[index]
            assert image.shape == (1, *samples.size)
            assert labels.shape == samples.size
            assert available.tolist() == [True]
            assert image.any()
            assert not image[0][labels > 0].eq(0).any()


@settings(max_examples=40)
@given(crop=sizes, shape=sizes, seed=st.integers(0, 1000))
def test_a_region_is_in_the_middle_half_of_its_crop(
    crop: tuple[int, ...], shape: tuple[int, ...], seed: int
) -> None:
    voxel = tuple(np.random.default_rng(seed).integers(shape))
    config = make_config(
        {"out": "o", "max_steps": 1, "phantoms": 1, "seed": seed, "crop": crop, "foreground": 1}
    )
    with TemporaryDirectory() as folder:
        samples = Crops([stored(Path(folder), shape, voxel)], config)
        for index in range(4):
            found = samples[index][1].nonzero()
            assert len(found) == 1
            away = np.abs(found[0].numpy() - np.array(samples.size) // 2)
            assert (away <= np.array(crop) // 4).all()
