"""Unlabelled cases, for semi-supervised methods."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from shaspec.errors import InputError
from shaspec.files.reading import resolved
from shaspec.io.folders import CaseFiles, find_cases
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.seeds import generator


def hidden_names(names: Sequence[str], config: TrainConfig) -> frozenset[str]:
    """The labelled cases of ``names`` whose labels ``config.labelled`` hides.

    Raises:
        InputError: ``config.labelled`` does not fit ``names``.
    """
    if config.labelled is None:
        return frozenset()
    if isinstance(config.labelled, int):
        if not 0 < config.labelled <= len(names):
            raise InputError(f"labelled = {config.labelled}: there are {len(names)} labelled cases")
        order = torch.randperm(len(names), generator=generator(config.seed, len(names))).tolist()
        chosen = {names[k] for k in order[: config.labelled]}
    else:
        chosen = set(config.labelled)
        if not chosen or chosen - set(names):
            missing = ", ".join(sorted(chosen - set(names))) or "none"
            raise InputError(f"labelled names {missing}; the labelled cases are {', '.join(names)}")
    return frozenset(names) - chosen


def other_cases(config: TrainConfig, task: Task, labelled: Sequence[CaseFiles]) -> list[CaseFiles]:
    """The cases of ``config.unlabelled``, without labels, except cases with files of ``labelled``.

    The role of those cases is known already.
    """
    if config.unlabelled is None:
        return []
    cases = find_cases(config.unlabelled, task, with_labels=False)
    files = {resolved(path) for case in labelled for path in case.volumes.values()}
    return [
        case for case in cases if files.isdisjoint(resolved(path) for path in case.volumes.values())
    ]
