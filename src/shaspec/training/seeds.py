"""Randomness as a function of numbers that name the place where it is used."""

from __future__ import annotations

import numpy as np
import torch


def generator(*numbers: int) -> torch.Generator:
    """A CPU generator fixed by ``numbers``, e.g. (seed of the run, purpose, step)."""
    state = np.random.SeedSequence(numbers).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
