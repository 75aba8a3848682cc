"""The stages of one case of a cohort: plan, read the files, run the network, write the results.

They share nothing but their arguments, so that each can run in another process or on another
computer. `shaspec.cohort.segmenter` runs them one after the other. Only `Stages.predict` imports
torch: processes that read and write start faster without it.
"""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shaspec import __version__
from shaspec.case import Case
from shaspec.cohort.inputs import input_of, is_same
from shaspec.cohort.manifest import Input, Record
from shaspec.cohort.settings import AVAILABLE, Settings
from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import is_file
from shaspec.inference.events import Finished, Notice, Progress
from shaspec.io import CaseFiles, label_ending, read_case
from shaspec.io.naming import RESULT
from shaspec.io.outputs import check_output
from shaspec.io.probability_maps import probability_files, write_probabilities
from shaspec.memory import is_out_of_memory
from shaspec.models.card import Card
from shaspec.models.summary import is_calibrated
from shaspec.prediction import Prediction
from shaspec.task import Subset
from shaspec.task_names import NO_NAME

if TYPE_CHECKING:
    from shaspec.inference.session import InferenceSession
    from shaspec.models.weights import Model

TRIES = 2
"""How many processes may end while they work on a case before it counts as failed."""
LOST = (
    f"the process that had it ended {TRIES} times, as it does without memory; use fewer --workers"
)
FAULT = "this is a fault of the program, please report"


@dataclass(frozen=True)
class Work:
    """One case and what is to be segmented of it."""

    files: CaseFiles
    planned: Sequence[Subset]
    """The subsets that are asked for."""
    left: Sequence[Subset]
    """The planned subsets that are not done; empty: the case is skipped."""
    before: Mapping[str, Record]
    """Asked subset -> its last line in the manifest."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A case in memory."""

    case: Case
    inputs: Mapping[str, Input]
    """Modality -> its file."""
    seconds: float
    """Seconds for reading and hashing."""


@dataclass(frozen=True, eq=False)
class Result:
    """The result of one subset, to be written."""

    prediction: Prediction
    labels: Path
    """The file of the label map."""
    maps: Sequence[Path]
    """The files of the probabilities."""
    notices: tuple[str, ...]
    reading: float
    """Seconds for reading the case."""


@dataclass(frozen=True)
class Stages:
    """The stages of every case of a run."""

    settings: Settings
    card: Card
    """Card of the model."""
    folder: Path
    """Folder of the results."""

    @property
    def key(self) -> str:
        """See `Settings.key`."""
        return self.settings.key(self.card.sha256)

    def plan(self, files: CaseFiles, before: Mapping[str, Record]) -> Work:
        """What is to be segmented of a case.

        Args:
            files: the case.
            before: asked subset -> its last line in the manifest.

        Raises:
            InputError: for doubtful files, or a case with none of the listed subsets.
        """
        if files.problems:
            raise InputError(files.problems[0])
        task = self.card.task
        planned = self.settings.subsets_of(files.volumes, files.name, task)
        redo = self.settings.overwrite
        left = [
            asked
            for asked in planned
            if redo or not self._is_done(files, before.get(task.subset_name(asked)))
        ]
        return Work(files, planned, left, before)

    def read(self, work: Work) -> Loaded:
        """Read the files of a case; raises `InputError` if one cannot be used."""
        start = time.perf_counter()
        alone = work.planned[0] if self._listed and len(work.planned) == 1 else None
        grid = self.settings.grid
        case = read_case(work.files, self.card.task, with_labels=False, present=alone, grid=grid)
        inputs = {name: input_of(path) for name, path in case.files.items()}
        return Loaded(case, inputs, time.perf_counter() - start)

    def predict(
        self, model: Model, work: Work, loaded: Loaded
    ) -> Iterator[Progress | tuple[Record, Result | None]]:
        """Run the network for every subset that is left.

        Args:
            model: the loaded model.
            work: what is left of the case.
            loaded: the case.

        Yields:
            The progress; and for each subset the line for the manifest, to be added before the
            result is written, with the result. It is None for a subset that is left out because
            a file turned out to be empty.

        Raises:
            InputError: for a file that is in the way of a result, or settings that do not fit the
                case.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        case = loaded.case
        keep = None if len(work.planned) > 1 else 0
        session = self.settings.session(model, case, keep=keep)
        for asked in work.left:
            subset = asked if self._listed else case.present
            if set(subset) <= set(case.present):
                yield from self._one(session, work, loaded, asked, subset)
            else:
                yield self._left_out(case, asked), None
        session.release()

    def write(self, record: Record, result: Result) -> Record:
        """Write the files of a result.

        Args:
            record: the line of the manifest from before.
            result: the result.

        Returns:
            The line to be added now.

        Raises:
            InputError: if a file cannot be written.
        """
        start = time.perf_counter()
        prediction = result.prediction
        prediction.save(result.labels)
        if result.maps:
            calibrated = is_calibrated(self.card)
            write_probabilities(result.labels, prediction, calibrated=calibrated)
        seconds = {"read": result.reading, **prediction.provenance["seconds"]}
        seconds["write"] = time.perf_counter() - start
        facts = record.model_dump(include={"case", "asked", "subset", "key", "outputs"})
        return Record(
            status="done",
            unit=prediction.grid.unit,
            sizes=prediction.region_sizes(),
            seconds={step: round(value, 3) for step, value in seconds.items()},
            notices=result.notices,
            seen_in_training=bool(prediction.provenance["seen_in_training"]),
            inputs=record.inputs,
            **facts,
            **self._origin(),
        )

    def failed(self, files: CaseFiles, error: Exception) -> Record:
        """The line of a case that cannot be segmented.

        Args:
            files: the case.
            error: what a stage raised.
        """
        text, details = str(error), ""
        if not isinstance(error, ShaspecError):
            if is_out_of_memory(error):
                text = "out of memory; use fewer --workers or smaller windows"
            else:
                text = f"{type(error).__name__}: {error}; {FAULT}"
                details = traceback.format_exc()
        return Record(case=files.name, status="failed", key=self.key, error=text,
                      details=details, **self._origin())  # fmt: skip

    def _one(
        self,
        session: InferenceSession,
        work: Work,
        loaded: Loaded,
        asked: Subset,
        subset: Subset,
    ) -> Iterator[Progress | tuple[Record, Result]]:
        """Segment one subset."""
        model, case, task = session.model, loaded.case, self.card.task
        own = case.own(subset)
        if own is not None:  # as if it had only these modalities
            session, case = self.settings.session(model, own, keep=0), own
        labels, maps = self._outputs(case, subset, exclusive=model.network.exclusive)
        name = task.subset_name(asked)
        outputs = tuple(path.name for path in (labels, *maps))
        before = work.before.get(name)
        killed = before is not None and before.status == "writing" and before.outputs == outputs
        for path in (labels, *maps):
            overwrite = self.settings.overwrite or killed
            check_output(path, case.files.values(), overwrite=overwrite, keep_own=True)
        told: list[str] = []
        for event in session.predict(subset, probabilities=self.settings.probabilities):
            if isinstance(event, Progress):
                yield event
            elif isinstance(event, Notice):
                told.append(event.text)
            elif isinstance(event, Finished):
                prediction: Prediction = event.prediction
        record = Record(
            case=case.name,
            asked=name,
            subset=task.subset_name(subset),
            status="writing",
            key=self.key,
            outputs=outputs,
            inputs=dict(loaded.inputs),
        )
        notices = (*case.notices, *told)
        yield record, Result(prediction, labels, maps, notices, loaded.seconds)

    def _left_out(self, case: Case, asked: Subset) -> Record:
        absent = ", ".join(name for name in asked if name not in case.present)
        return Record(
            case=case.name,
            asked=self.card.task.subset_name(asked),
            status="left out",
            key=self.key,
            notices=(f"{absent} is empty",),
            **self._origin(),
        )

    def _outputs(self, case: Case, subset: Subset, *, exclusive: bool) -> tuple[Path, list[Path]]:
        """The label map and the maps of probabilities."""
        task = self.card.task
        name = f"{case.name}_{task.subset_name(subset)}_{RESULT}{label_ending(case.grid)}"
        labels = self.folder / NO_NAME.sub("_", name)
        if not self.settings.probabilities:
            return labels, []
        return labels, list(probability_files(labels, task, exclusive=exclusive).values())

    @property
    def _listed(self) -> bool:
        return self.settings.subsets.strip().lower() != AVAILABLE

    def _is_done(self, files: CaseFiles, record: Record | None) -> bool:
        """Return whether the result exists, from the same settings and files."""
        if record is None or record.key != self.key or record.status not in ("done", "left out"):
            return False
        there = all(is_file(self.folder / name) for name in record.outputs)
        return there and all(
            name in files.volumes and is_same(files.volumes[name], recorded)
            for name, recorded in record.inputs.items()
        )

    def _origin(self) -> dict[str, Any]:
        """What produced a result."""
        versions = {"shaspec": __version__, "torch": version("torch"),
                    "python": platform.python_version()}  # fmt: skip
        return {
            "model": self.card.name,
            "sha256": self.card.sha256,
            "versions": versions,
            "settings": asdict(self.settings),
        }
