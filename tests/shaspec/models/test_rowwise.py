"""The convolution of the golden tests is PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.shaspec.models import rowwise


@settings(max_examples=25, deadline=None)
@given(
    size=st.lists(st.integers(3, 7), min_size=3, max_size=3),
    samples=st.integers(1, 2),
    channels=st.integers(1, 3),
    kernel=st.sampled_from([1, 3]),
    stride=st.lists(st.integers(1, 2), min_size=3, max_size=3),
    padding=st.lists(st.integers(0, 2), min_size=3, max_size=3),
    biased=st.booleans(),
    part=st.sampled_from([1, 500, 10**6]),
)
def test_a_convolution_by_rows_is_that_of_pytorch(
    size: list[int],
    samples: int,
    channels: int,
    kernel: int,
    stride: list[int],
    padding: list[int],
    biased: bool,
    part: int,
) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(samples, channels, *size, generator=rng, dtype=torch.float64)
    weight = torch.randn(4, channels, *[kernel] * 3, generator=rng, dtype=torch.float64)
    bias = torch.randn(4, generator=rng, dtype=torch.float64) if biased else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rowwise, "PART", part)
        ours = rowwise.by_rows(x, weight, bias, stride, padding)
    torch.testing.assert_close(ours, F.conv3d(x, weight, bias, stride, padding))
    every_voxel = rowwise.by_taps(x, weight, bias, padding)
    torch.testing.assert_close(every_voxel, F.conv3d(x, weight, bias, 1, padding))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"padding": 1}, ["by_taps"]),
        ({"padding": 1, "stride": (1, 2, 2)}, ["by_rows"]),
        ({"padding": 2, "dilation": 2}, []),
        ({"padding": 1, "groups": 2}, []),
        ({"dtype": torch.float32}, []),
    ],
)
def test_a_float64_layer_without_dilation_or_groups_is_computed_by_rows(
    options: dict[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def noted(name: str) -> Callable[..., torch.Tensor]:
        real = getattr(rowwise, name)
        return lambda *arguments: calls.append(name) or real(*arguments)

    monkeypatch.setattr(rowwise, "LARGE", 0)
    for name in ("by_rows", "by_taps"):
        monkeypatch.setattr(rowwise, name, noted(name))
    layer = nn.Conv3d(2, 4, 3, **{"dtype": torch.float64, **options})
    x = torch.randn(1, 2, 6, 7, 8, dtype=layer.weight.dtype)
    with rowwise.Rowwise():
        ours = layer(x)
    torch.testing.assert_close(ours, layer(x))
    assert calls == expected
