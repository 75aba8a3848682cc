"""Validation during training: Dice per subset on cases not used for training.

It does not affect the training: the weights are copied, and no random numbers are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.metrics import dice
from shaspec.files.writing import write_atomically
from shaspec.inference.events import Finished, Progress
from shaspec.inference.session import InferenceSession
from shaspec.io.cases import read_case
from shaspec.models.base import Network
from shaspec.phantom import make_case
from shaspec.prediction import Prediction
from shaspec.report.pictures import comparison_png
from shaspec.task import Subset, Task
from shaspec.training.config import TrainConfig
from shaspec.training.events import Validating, Validation
from shaspec.training.identity import reading
from shaspec.training.model_export import unfinished
from shaspec.training.selection import Selection

SAMPLES = "samples"  # folder of the pictures in the run folder

Scores = dict[str, dict[str, list[float]]]
"""Subset -> region -> Dice of each case."""


class Validator:
    """Validates a network on the validation cases of ``selection``; ``device`` as for a session.

    They are read once and reused; those that cannot be used are in
    ``left_out``. Raises `InputError` if none is left, and for subsets that the task or all of the
    cases lack.
    """

    def __init__(self, config: TrainConfig, task: Task, selection: Selection, device: str) -> None:
        self._config, self._task, self._device = config, task, device
        self._subsets = subsets(config, task)
        cases, left_out = [], []
        for files in selection.validation:
            try:
                cases.append(read_case(files, task, **reading(config)))
            except InputError as error:
                left_out.append(f"{files.name}: {error}")
        self.left_out = tuple(left_out)
        if left_out and not cases:
            raise InputError(f"no case is left to validate on: {'; '.join(left_out)}")
        cases += [make_case(seed, task=task.name) for seed in selection.demo_phantoms]
        check_subsets(self._subsets, {case.name: case.present for case in cases})
        self.cases = tuple(case for case in cases if self._subsets_of(case))

    def run(self, network: Network, step: int, minutes: float) -> Iterator[Validating | Validation]:
        """Segments every case from its subsets; yields the `Validation` last."""
        model = unfinished(self._config, self._task, network)
        scores: Scores = {}
        picture = self._config.out / SAMPLES / f"step_{step:06}.png"
        for number, case in enumerate(self.cases):
            results: list[Prediction] = []
            session = InferenceSession(model, case, device=self._device)
            possible = self._subsets_of(case)
            for place, subset in enumerate(possible):
                for event in session.predict(subset):
                    if isinstance(event, Progress):
                        done = (place + event.done / event.total) / len(possible)
                        yield Validating((number + done) / len(self.cases))
                    elif isinstance(event, Finished):
                        results.append(event.prediction)
            session.release()
            _add_scores(scores, case, results)
            if number == 0:
                _draw(picture, case, results)
        names = tuple(case.name for case in self.cases)
        yield Validation(step, minutes, names, self._means(scores), str(picture))

    def _subsets_of(self, case: Case) -> list[Subset]:
        return _had(self._subsets, case.present)

    def _means(self, scores: Scores) -> dict[str, dict[str, float]]:
        names = [self._task.subset_name(subset) for subset in self._subsets]
        return {
            name: {region: float(np.mean(values)) for region, values in scores[name].items()}
            for name in names
            if name in scores
        }


def subsets(config: TrainConfig, task: Task) -> list[Subset]:
    """The subsets to validate; raises `InputError` for one that ``task`` does not have."""
    if not config.validate_subsets:
        return list(dict.fromkeys([*((name,) for name in task.names), task.names]))
    try:
        return list(dict.fromkeys(map(task.parse_subset, config.validate_subsets)))
    except InputError as error:
        raise InputError(f"validate_subsets: {error}") from error


def check_subsets(subsets: Sequence[Subset], cases: Mapping[str, Iterable[str]]) -> None:
    """Raises `InputError` if no case has a subset of ``subsets``; ``cases``: name -> modalities."""
    if not any(_had(subsets, there) for there in cases.values()):
        raise InputError(f"validate_subsets: no case has all modalities of one: {', '.join(cases)}")


def _had(subsets: Sequence[Subset], there: Iterable[str]) -> list[Subset]:
    return [subset for subset in subsets if set(subset) <= set(there)]


def _add_scores(scores: Scores, case: Case, results: Sequence[Prediction]) -> None:
    assert case.labels is not None  # selected cases have labels
    task = case.task
    truth = task.region_masks(case.labels)
    for result in results:
        predicted = task.region_masks(result.labels)
        values = map(dice, predicted, truth)
        by_region = dict(zip(task.region_names, values, strict=True))
        row = scores.setdefault(task.subset_name(result.subset), {})
        for region in task.reported_regions:
            row.setdefault(region, []).append(by_region[region])


def _draw(path: Path, case: Case, results: Sequence[Prediction]) -> None:
    """Draws the ground truth and the predictions from the largest and the smallest subset."""
    assert case.labels is not None
    truth = Prediction(case.name, case.task, case.grid, case.present, case.labels, {})
    chosen = (max(results, key=lambda r: len(r.subset)), min(results, key=lambda r: len(r.subset)))
    titles = {_title(result): result for result in chosen}
    write_atomically(path, comparison_png(case, {"truth": truth} | titles))


def _title(result: Prediction) -> str:
    full = result.subset == result.task.names
    return "from all" if full else f"from {result.task.subset_name(result.subset)}"
