"""The convolution of the golden tests is PyTorch's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.shaspec.models import planes


@settings(max_examples=25, deadline=None)
@given(
    size=st.lists(st.integers(1, 6), min_size=3, max_size=3),
    samples=st.integers(1, 2),
    channels=st.integers(1, 3),
    kernel=st.sampled_from([1, 3, 3, 5]),
    biased=st.booleans(),
)
def test_a_convolution_by_planes_is_that_of_pytorch(
    size: list[int], samples: int, channels: int, kernel: int, biased: bool
) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(samples, channels, *size, generator=rng, dtype=torch.float64)
    weight = torch.randn(4, channels, *[kernel] * 3, generator=rng, dtype=torch.float64)
    bias = torch.randn(4, generator=rng, dtype=torch.float64) if biased else None
    ours = planes.by_planes(x, weight, bias)
    torch.testing.assert_close(ours, F.conv3d(x, weight, bias, padding=kernel // 2))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"padding": 1}, 1),
        ({"padding": 1, "stride": 2}, 0),
        ({"padding": 2, "dilation": 2}, 0),
        ({"padding": 0}, 0),
        ({"padding": 1, "groups": 2}, 0),
    ],
)
def test_only_convolutions_of_every_voxel_are_by_planes(
    options: dict[str, int], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = planes.by_planes
    monkeypatch.setattr(planes, "LARGE", 0)
    monkeypatch.setattr(planes, "by_planes", lambda *a: calls.append(a) or real(*a))
    layer = nn.Conv3d(2, 4, 3, dtype=torch.float64, **options)
    x = torch.randn(1, 2, 6, 7, 8, dtype=torch.float64)
    with planes.ByPlanes():
        ours = layer(x)
    torch.testing.assert_close(ours, layer(x))
    assert len(calls) == expected
