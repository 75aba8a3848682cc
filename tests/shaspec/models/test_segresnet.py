"""Our SegResNet is MONAI's."""

from __future__ import annotations

import pytest
import torch

from shaspec.models.blocks import Dims
from shaspec.models.segresnet import SegResNet


@pytest.mark.slow  # importing MONAI takes seconds
@pytest.mark.parametrize(("dims", "down", "up"), [(2, (1, 2), (2,)), (3, (1, 2, 1), (1, 2))])
def test_segresnet_has_the_weights_and_the_output_of_monai(
    dims: Dims, down: tuple[int, ...], up: tuple[int, ...]
) -> None:
    from monai.networks.nets.segresnet import SegResNet as MonaiSegResNet

    torch.manual_seed(0)
    ours = SegResNet(dims, 3, 2, 8, down, up)
    torch.manual_seed(0)
    theirs = MonaiSegResNet(dims, 8, 3, 2, blocks_down=down, blocks_up=up)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, weight in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], weight), name
    images = torch.randn(2, 3, *(8, 12, 16)[:dims])
    assert torch.equal(ours(images), theirs(images))
