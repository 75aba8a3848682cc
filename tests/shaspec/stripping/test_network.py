"""The network for skull stripping takes scans of any size in steps of its divisor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shaspec.stripping.network import DIVISOR, StripNetwork
from shaspec.stripping.scaling import MOST, scaled
from shaspec.stripping.segment import segment_with

WIDTHS = (8, 8, 12, 16)


@pytest.mark.parametrize("sides", [(1, 1, 1), (2, 1, 3)])
def test_logits_have_the_shape_of_the_scan(sides: tuple[int, int, int]) -> None:
    x = torch.rand(1, 1, *(DIVISOR * n for n in sides))
    assert StripNetwork(WIDTHS)(x).shape == x.shape


def test_every_voxel_of_the_scan_reaches_its_own_logit() -> None:
    """Blocks are taken apart and put together in the same order."""
    network = StripNetwork(WIDTHS)
    x = torch.zeros(1, 1, *(DIVISOR,) * 3, requires_grad=True)
    network(x + torch.rand(x.shape))[0, 0, 5, 6, 7].backward()
    assert x.grad is not None
    assert x.grad[0, 0, 5, 6, 7] != 0


@pytest.mark.parametrize("shape", [(16, 16, 16), (17, 30, 9)])
def test_a_scan_of_any_shape_and_its_mirror_image_get_mirrored_probabilities(
    shape: tuple[int, int, int],
) -> None:
    segment = segment_with(StripNetwork(WIDTHS).eval())
    image = np.random.default_rng(0).random(shape, np.float32)
    part = segment(image)
    assert part.shape == shape
    assert 0 <= part.min() <= part.max() <= 1
    if shape[2] % DIVISOR == 0:  # padding has a side
        mirrored = segment(image[..., ::-1])[..., ::-1]
        assert np.allclose(mirrored, part, atol=1e-4)


def test_scaled_scans_do_not_depend_on_the_unit_of_the_scanner() -> None:
    image = np.random.default_rng(1).gamma(2, 1, (12, 12, 12))
    assert np.allclose(scaled(image), scaled(image * 371 - 1000), atol=1e-4)
    assert scaled(image).max() <= MOST
    assert (scaled(np.zeros((4, 4, 4))) == 0).all()
