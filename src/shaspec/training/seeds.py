"""Random generators determined by numbers such as seed, purpose and step."""

from __future__ import annotations

import numpy as np
import torch


def generator(*numbers: int) -> torch.Generator:
    """A CPU generator determined by ``numbers``, e.g. (seed of the run, purpose, step)."""
    state = np.random.SeedSequence(numbers).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
