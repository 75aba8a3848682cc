"""Cases that take part without their labels, for methods that learn from such too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.io.folders import find_cases
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.data import PreparedCase, held_out_cases, prepare, stamp
from shaspec.training.seeds import generator


def hide_labels(cases: Sequence[PreparedCase], config: TrainConfig) -> list[PreparedCase]:
    """``cases`` with labels for those alone that ``config.labelled`` chooses.

    It chooses among the real cases, or among the phantoms where there are no others.
    """
    if config.labelled is None:
        return list(cases)
    pool = [c for c in cases if not c.phantom] or list(cases)
    names = [c.name for c in pool]
    if isinstance(config.labelled, int):
        if not 0 < config.labelled <= len(names):
            raise InputError(f"labelled = {config.labelled}, of {len(names)} labelled cases")
        order = torch.randperm(len(names), generator=generator(config.seed, len(names))).tolist()
        chosen = {names[k] for k in order[: config.labelled]}
    else:
        chosen = set(config.labelled)
        if not chosen or chosen - set(names):
            missing = ", ".join(sorted(chosen - set(names))) or "none"
            raise InputError(f"labelled names {missing}; there are {', '.join(names)}")
    hidden = set(names) - chosen
    return [_without_labels(c) if c.name in hidden else c for c in cases]


def unlabelled_cases(
    config: TrainConfig, task: Task, known: Sequence[PreparedCase]
) -> list[PreparedCase]:
    """The cases of ``config.unlabelled`` that are neither ``known`` already nor left out."""
    if config.unlabelled is None:
        return []
    skipped = held_out_cases(config) | {c.name for c in known}
    cases = []
    for files in find_cases(config.unlabelled, task):
        if files.name not in skipped:
            key = ["unlabelled", *(stamp(path) for path in files.volumes.values())]
            load = partial(read_case, files, task, with_labels=False)
            cases.append(prepare(config.cache, task, files.name, key, load))
    return cases


def _without_labels(case: PreparedCase) -> PreparedCase:
    nothing = np.broadcast_to(np.uint8(0), case.labels.shape)
    return replace(case, labelled=False, labels=nothing, centres=[])
