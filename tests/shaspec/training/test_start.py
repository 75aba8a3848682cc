"""The initial network of a run, and errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.training.config import TrainConfig
from shaspec.training.loop import train


def test_a_crop_of_which_bfloat16_on_a_cpu_would_make_nonsense_is_refused(
    configuration: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    config = configuration(tmp_path, precision="bf16-mixed", crop=(16, 32, 32))
    with pytest.raises(InputError, match=r'first axis longer, or set precision = "32-true"'):
        list(train(config))
