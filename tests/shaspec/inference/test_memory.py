"""Choice of the device, and errors for missing devices."""

from __future__ import annotations

import pytest
import torch

from shaspec.errors import InputError
from shaspec.inference.memory import choose_device


@pytest.mark.parametrize("name", ["cuda:99", "toaster", "meta"])
def test_a_missing_device_is_named_with_the_alternatives(name: str) -> None:
    with pytest.raises(InputError, match=rf"device '{name}' .*: choose cpu or auto"):
        choose_device(name)


def test_auto_is_a_device_that_is_there() -> None:
    assert torch.zeros(1, device=choose_device("auto")).sum() == 0
    assert choose_device("cpu") == torch.device("cpu")
