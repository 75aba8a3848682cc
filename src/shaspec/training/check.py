"""What a run would refuse of its settings, found without weights and without a voxel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from shaspec.errors import ShaspecError
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.init_network import first_network
from shaspec.training.methods import make_method
from shaspec.training.selection import Selection
from shaspec.training.subsets import check_rule
from shaspec.training.validation import check_subsets, subsets


def settings_problems(config: TrainConfig, task: Task, selection: Selection) -> list[str]:
    """Errors of network, crop and subsets, found from file names only."""
    problems: list[str] = []
    with _noted(problems):
        with torch.device("meta"):  # only shapes, no memory
            network, _ = first_network(config, task)
        rule = make_method(config, task, network).rule
        for files in (*selection.training, *selection.unlabelled):
            with _noted(problems):
                there = np.array([name in files.volumes for name in task.names])
                check_rule(rule, task, {files.name: there})
    tried: dict[str, tuple[str, ...]] = {f.name: tuple(f.volumes) for f in selection.validation}
    tried |= {f"phantom-{seed}": task.names for seed in selection.demo_phantoms}
    with _noted(problems):
        if tried:
            check_subsets(subsets(config, task), tried)
    return problems


def uses(selection: Selection) -> dict[str, str]:
    """Case name -> its use in the run."""
    return selection.uses | {files.name: "validate" for files in selection.validation}


def counted(selection: Selection) -> str:
    """The number of cases of each kind, with a notice if none is held out."""
    counts = Counter(uses(selection).values())
    numbers = {
        "to train on": counts["train"],
        "phantoms": counts["phantom"],
        "unlabelled": counts["unlabelled"],
        "held out": len(selection.held_out),
        "of these to validate on": counts["validate"],
    }
    return ", ".join(f"{n} {kind}" for kind, n in numbers.items() if n or kind == "held out")


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """What is raised for the user goes to ``problems`` instead."""
    try:
        yield
    except ShaspecError as error:
        problems.append(str(error))
