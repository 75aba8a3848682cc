"""Voxels of cases counted by logit and truth, and the file that keeps the counts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.calibration import Counts, fit, merged, of_region, reliability
from shaspec.evaluation.logit_counts import LogitCounts
from shaspec.evaluation.tables import Line
from shaspec.files.reading import is_folder, read_json
from shaspec.files.writing import write_atomically
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.models.calibration import Calibration
from shaspec.models.weights import Model
from shaspec.task import Subset

COUNTS_FILE = "calibration.json"
TABLE_FILE = "calibration.csv"
ALL_SIZES = "all"


def without_temperature(model: Model) -> Model:
    """The model with the probabilities of its network.

    Raises:
        InputError: for a classifier, and for a network whose labels exclude each other.
    """
    if not model.card.task.regions:
        raise InputError(f"model {model.card.name!r} predicts a class: it has no regions to fit")
    if model.network.exclusive:
        raise InputError(
            f"model {model.card.name!r}: the labels of this network exclude each other, and a "
            "temperature per region would not fit them. Train it with network = "
            "{ exclusive = false } to calibrate it"
        )
    return replace(model, card=model.card.model_copy(update={"calibration": None}))


def count_case(
    model: Model, case: Case, subsets: Sequence[Subset] | None = None, **options: Any
) -> Iterator[Counts]:
    """Count the voxels of one case, for every subset that it has.

    Args:
        model: a segmentation model, see `without_temperature`.
        case: a case with labels.
        subsets: which subsets; default: all of the task.
        options: of `InferenceSession`: device, precision, window, overlap.

    Yields:
        Counts of one subset.

    Raises:
        InputError: for a case without labels.
        OutOfMemoryError: if not even the smallest window fits into memory.
    """
    task = model.card.task
    if case.labels is None:
        raise InputError(f"case {case.name} has no labels: calibration needs ground truth")
    truth = dict(zip(task.region_names, task.region_masks(case.labels), strict=True))
    session = InferenceSession(model, case, **options)
    for subset in (s for s in subsets or task.subsets() if set(s) <= set(case.present)):
        prediction = last_event(session.predict(subset, probabilities=True)).prediction
        maps = prediction.probabilities.items()
        yield {len(subset): {name: LogitCounts.of(p, truth[name]) for name, p in maps}}
    session.release()


@dataclass(frozen=True, eq=False)
class Counted:
    """Counts of some cases, and of which."""

    task: str
    counts: Counts
    cases: tuple[str, ...]
    seen: tuple[str, ...]
    """The cases that the model saw in training."""
    models: tuple[str, ...]
    """Checksums."""

    def with_others(self, others: Sequence[Counted]) -> Counted:
        """The counts of this fold and of others together.

        Raises:
            InputError: if two have a case in common, or another task.
        """
        everything = [self, *others]
        names = [name for one in everything for name in one.cases]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"case {twice[0]} was counted twice: give each fold once")
        if tasks := {one.task for one in others} - {self.task}:
            raise InputError(f"counts of task {tasks.pop()!r} do not fit those of {self.task!r}")
        return Counted(
            self.task,
            merged([one.counts for one in everything]),
            tuple(names),
            tuple(name for one in everything for name in one.seen),
            tuple(dict.fromkeys(sha for one in everything for sha in one.models)),
        )

    def calibration(self) -> Calibration:
        """Temperatures fitted on these counts, for a model card."""
        temperature = fit(self.counts)
        before, after = (
            {name: round(reliability(of_region(self.counts, name), t[name]).error, 4) for name in t}
            for t in (dict.fromkeys(temperature, 1.0), temperature)
        )
        return Calibration(
            temperature=temperature,
            held_out=not self.seen,
            cases=self.cases,
            models=self.models,
            error_before=before,
            error_after=after,
        )


def table(counted: Counted, calibration: Calibration) -> list[Line]:
    """The lines of ``calibration.csv``: errors per number of modalities and region."""
    sizes: dict[str, Counts] = {str(size): {size: c} for size, c in counted.counts.items()}
    lines: list[Line] = []
    for size, counts in {**sizes, ALL_SIZES: counted.counts}.items():
        for name, temperature in calibration.temperature.items():
            mine = of_region(counts, name)
            before, after = reliability(mine), reliability(mine, temperature)
            lines.append(
                {
                    "modalities": size,
                    "region": name,
                    "temperature": temperature,
                    "error_before": before.error,
                    "error_after": after.error,
                    "voxels": str(int(before.voxels.sum())),
                }
            )
    return lines


def write_counts(path: Path, counted: Counted) -> None:
    """Write ``calibration.json``; raises `InputError` if it cannot be written."""
    counts = {
        str(size): {name: c.as_json() for name, c in by_region.items()}
        for size, by_region in counted.counts.items()
    }
    content = {
        "task": counted.task,
        "models": counted.models,
        "cases": counted.cases,
        "seen_in_training": counted.seen,
        "calibration": counted.calibration().model_dump(mode="json"),
        "counts": counts,
    }
    write_atomically(path, f"{json.dumps(content)}\n".encode())


def read_counts(path: Path) -> Counted:
    """Read ``calibration.json``, or the one in a folder; raises `InputError` for another file."""
    path = path / COUNTS_FILE if is_folder(path) else path
    content = read_json(path)
    try:
        counts = {
            int(size): {name: LogitCounts.from_json(c) for name, c in by_region.items()}
            for size, by_region in content["counts"].items()
        }
        names = (tuple(map(str, content[key])) for key in ("cases", "seen_in_training", "models"))
        return Counted(str(content["task"]), counts, *names)
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is not a file of shaspec calibrate: {error!r}") from error
