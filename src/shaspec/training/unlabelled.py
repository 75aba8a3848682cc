"""Cases that take part without their labels, for methods that learn from such too."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from shaspec.errors import InputError
from shaspec.io.folders import CaseFiles, find_cases
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.seeds import generator


def hidden_names(names: Sequence[str], config: TrainConfig) -> frozenset[str]:
    """Those of ``names``, labelled cases, whose labels ``config.labelled`` hides."""
    if config.labelled is None:
        return frozenset()
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
    return frozenset(names) - chosen


def unlabelled_cases(config: TrainConfig, task: Task, skipped: set[str]) -> tuple[CaseFiles, ...]:
    """The cases of ``config.unlabelled`` but for those named in ``skipped``, without labels."""
    if config.unlabelled is None:
        return ()
    cases = find_cases(config.unlabelled, task, with_labels=False)
    return tuple(files for files in cases if files.name not in skipped)
