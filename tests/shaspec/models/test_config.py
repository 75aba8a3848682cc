"""A network that cannot be built is refused before it is built."""

from __future__ import annotations

from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.models.registry import PRESETS, build, check_config, network_config
from shaspec.task import Task


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("maml", {"n_downsamplings": 100_000}),
        ("maml", {"base_features": 0}),
        ("maml", {"convs": -1}),
        ("simmlm", {"stem_stride": 10**9}),
        ("shaspec", {"decoder_widths": [10**6]}),
        ("shaspec", {"decoder_widths": []}),
        ("shaspec", {"decoder_widths": [8] * 1000}),
        ("linear-fusion", {"depths": [2, 2, 2, 10**5]}),
        ("linear-fusion", {"ratio": float("nan")}),
        ("zero-fill", {"blocks_down": [1, 2, 2, 10**5]}),
    ],
)
def test_settings_that_no_network_has_are_refused(
    method: str, change: dict[str, Any], brats: Task
) -> None:
    with pytest.raises(InputError, match=next(iter(change))):
        network_config(method, "light", brats, **change)


def test_so_are_those_of_an_encoder(brats: Task) -> None:
    values = network_config("shaspec", "light", brats).model_dump()
    values["shared"]["stem_stride"] = [0, 2, 2]
    with pytest.raises(InputError, match="stem_stride"):
        check_config("shaspec", values)


@pytest.mark.parametrize(
    ("method", "preset"), [(m, p) for m in PRESETS for p in PRESETS[m] if "classifier" not in m]
)
def test_every_preset_is_accepted(method: str, preset: str, brats: Task) -> None:
    import torch

    with torch.device("meta"):
        assert build(method, network_config(method, preset, brats)).modalities == 4
