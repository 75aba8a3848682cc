"""Synthetic feature maps with known content."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shaspec.geometry import Grid
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.task import Task

SHAPE = (6, 8, 10)
CHANNELS = 5


@pytest.fixture
def make_maps(brats: Task) -> Callable[..., FeatureMaps]:
    """Maps of anatomy plus ``mark`` times a direction of each modality's own."""

    def make(
        shared: float = 0.0, specific: float = 5.0, present: int = 2, seed: int = 0
    ) -> FeatureMaps:
        rng = np.random.default_rng(seed)
        anatomy = rng.normal(size=(CHANNELS, *SHAPE))
        maps, windows = {}, {}
        for m, name in enumerate(brats.names):
            own = np.eye(CHANNELS)[m][:, None, None, None]
            noise = rng.normal(size=(2, CHANNELS, *SHAPE))
            maps["shared", name] = anatomy + shared * own + 0.01 * noise[0]
            maps["specific", name] = specific * own + noise[1]
            maps["fused", name] = maps["shared", name] + maps["specific", name]
            windows["domain", name] = np.tile(4 * np.eye(4)[m], (3, 1))
        for name in brats.names[present:]:
            there = [maps["shared", n] for n in brats.names[:present]]
            maps["imputed", name] = np.mean(there, axis=0)
        inside = np.ones(SHAPE, bool)
        inside[0] = False
        as_float = {k: v.astype(np.float32) for k, v in maps.items()}
        means = {k: np.tile(v.mean(axis=(1, 2, 3)), (3, 1)) for k, v in as_float.items()}
        return FeatureMaps(
            case=f"made-{seed}",
            model="made",
            task=brats,
            present=brats.names[:present],
            grid=Grid(SHAPE, (8.0, 8.0, 8.0)),
            inside=inside,
            maps=as_float,
            windows=means | {k: v.astype(np.float32) for k, v in windows.items()},
        )

    return make
