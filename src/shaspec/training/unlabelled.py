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


def other_cases(config: TrainConfig, task: Task, known: Sequence[CaseFiles]) -> list[CaseFiles]:
    """The cases of ``config.unlabelled``, without labels, but for those with files of ``known``.

    Those have their part already: on the list or off it, held out or not.
    """
    if config.unlabelled is None:
        return []
    cases = find_cases(config.unlabelled, task, with_labels=False)
    files = {path.resolve() for case in known for path in case.volumes.values()}
    return [
        case for case in cases if files.isdisjoint(path.resolve() for path in case.volumes.values())
    ]
