"""Draws the modalities of each sample in a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shaspec.errors import InputError
from shaspec.task import Task
from shaspec.training.seeds import generator

RULES = {
    "uniform": "each of the 2^M - 1 subsets with equal probability",
    "by-size": "first a size, then a subset of that size (as by ShaSpec's authors)",
    "one-absent": "all, or all but one: M + 1 choices (M3L)",
    "full": "all modalities of the sample",
}
"""Rules for drawing. A subset by name, e.g. ``FLAIR+T2``, trains a dedicated model."""

Rule = str | tuple[int, ...]
"""A key of `RULES`, or the modality indices of a dedicated model."""


def parse_rule(text: str, task: Task) -> Rule:
    """A rule by name, or a subset of the task's modalities; raises `InputError` for others."""
    if text in RULES:
        return text
    try:
        return tuple(task.names.index(name) for name in task.parse_subset(text))
    except InputError as error:
        raise InputError(
            f"subsets = {text!r} is neither one of {', '.join(RULES)} nor a subset: {error}"
        ) from error


def check_rule(rule: Rule, task: Task, available: Mapping[str, npt.NDArray[np.bool_]]) -> None:
    """Raises `InputError` for a case without any modality of a dedicated model.

    ``available``: name of a case -> (M,).
    """
    if isinstance(rule, str):
        return
    subset = task.subset_name(task.names[m] for m in rule)
    for name, has in available.items():
        if not any(has[m] for m in rule):
            raise InputError(
                f"case {name} has none of {subset}: remove it from the training data, or set other "
                "subsets"
            )


def draw_presence(
    available: Tensor, rule: Rule, seed: tuple[int, ...], numbers: Sequence[int]
) -> Tensor:
    """Draws a random non-empty subset of the modalities of each sample.

    Args:
        available: bool (N, M).
        rule: from `parse_rule`. A dedicated model gets the available modalities of its subset.
        seed: numbers that determine the draw.
        numbers: one per sample, so that its draw does not depend on other samples.

    Returns:
        bool (N, M).
    """
    if rule == "full":
        return available
    present = torch.zeros_like(available)
    for row, has, number in zip(present, available, numbers, strict=True):
        rng = generator(*seed, number)
        row[_chosen(has.nonzero()[:, 0].tolist(), rule, rng)] = True
    return present


def _chosen(available: list[int], rule: Rule, rng: torch.Generator) -> list[int]:
    m = len(available)
    if isinstance(rule, tuple):
        return [i for i in available if i in rule]
    if rule == "uniform":
        number = int(torch.randint(1, 2**m, (), generator=rng))
        return [i for k, i in enumerate(available) if number >> k & 1]
    if rule == "one-absent":
        left_out = int(torch.randint(-1, m, (), generator=rng)) if m > 1 else -1
        return [i for k, i in enumerate(available) if k != left_out]
    size = int(torch.randint(1, m + 1, (), generator=rng))
    return [available[k] for k in torch.randperm(m, generator=rng)[:size].tolist()]
