"""One case of a cohort: from its files to label maps and lines of the manifest."""

from __future__ import annotations

import platform
import time
import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from shaspec import __version__
from shaspec.case import Case
from shaspec.cohort.manifest import Input, Manifest, Record
from shaspec.cohort.settings import AVAILABLE, Settings
from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import is_file, sha256
from shaspec.inference.events import Finished, Notice, Progress
from shaspec.inference.session import InferenceSession
from shaspec.io import CaseFiles, label_ending, read_case
from shaspec.io.naming import RESULT
from shaspec.io.outputs import check_output
from shaspec.io.probability_maps import probability_files, write_probabilities
from shaspec.memory import is_out_of_memory
from shaspec.models.summary import is_calibrated
from shaspec.models.weights import Model, load_model
from shaspec.prediction import Prediction
from shaspec.task import Subset
from shaspec.task_names import NO_NAME


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: str
    status: Literal["done", "skipped", "failed"]
    error: str = ""
    notices: tuple[str, ...] = ()


class Segmenter:
    """A loaded model that segments cases into a folder.

    Args:
        settings: how cases are segmented.
        manifest: of the folder of the results.

    Raises:
        InputError: for a model that classifies, or settings that do not fit it.
        WeightsError: if the model cannot be loaded.
    """

    def __init__(self, settings: Settings, manifest: Manifest) -> None:
        self.settings, self.manifest = settings, manifest
        self.model: Model = load_model(settings.model)
        self.task = self.model.card.task
        if self.task.kind != "segmentation":
            raise InputError(
                f"model {self.model.card.name!r} names a class and segments nothing: give one case "
                "to shaspec predict"
            )
        settings.listed(self.task)
        self._key = settings.key(self.model.card.sha256)
        self._before: Mapping[tuple[str, str], Record] = manifest.latest()

    def segment(self, files: CaseFiles) -> Outcome:
        """Segment a case unless it is finished; an error is recorded and returned, never raised."""
        *_, outcome = self.steps(files)
        assert isinstance(outcome, Outcome)
        return outcome

    def steps(self, files: CaseFiles) -> Iterator[Progress | Outcome]:
        """As `segment`, with the progress before the outcome; closing it ends the work.

        A case that was ended in this way is neither done nor failed: the next run takes it up.
        """
        try:
            planned = self.settings.subsets_of(files.volumes, files.name, self.task)
            if not self.settings.overwrite and all(self._is_done(files, s) for s in planned):
                yield Outcome(files.name, "skipped")
                return
            notices = yield from self._segment(files, planned)
            yield Outcome(files.name, "done", notices=notices)
        except ShaspecError as error:
            yield self._failed(files, str(error))
        except Exception as error:  # noqa: BLE001 - a failed case must not stop the others
            if is_out_of_memory(error):
                yield self._failed(files, "out of memory; use fewer --workers or smaller windows")
                return
            text = f"{type(error).__name__}: {error}; this is a fault of the program, please report"
            yield self._failed(files, text, traceback.format_exc())

    def _failed(self, files: CaseFiles, text: str, details: str = "") -> Outcome:
        record = Record(case=files.name, status="failed", key=self._key, error=text,
                        details=details, **self._facts())  # fmt: skip
        self.manifest.append(record)
        return Outcome(files.name, "failed", text)

    def _segment(
        self, files: CaseFiles, planned: Sequence[Subset]
    ) -> Generator[Progress, None, tuple[str, ...]]:
        """Segment the subsets that are not finished; returns the notices of the case."""
        start = time.perf_counter()
        listed = self.settings.subsets.strip().lower() != AVAILABLE
        alone = planned[0] if listed and len(planned) == 1 else None
        case = read_case(
            files, self.task, with_labels=False, present=alone, grid=self.settings.grid
        )
        inputs = {name: _input(path) for name, path in case.files.items()}
        reading = time.perf_counter() - start
        session = self._session(case, keep=None if len(planned) > 1 else 0)
        for asked in planned:
            if not self.settings.overwrite and self._is_done(files, asked):
                continue
            subset = asked if listed else case.present
            if not set(subset) <= set(case.present):
                self._leave_out(case, asked)
                continue
            yield from self._one(session, case, asked, subset, inputs, reading)
        session.release()
        return case.notices

    def _leave_out(self, case: Case, asked: Subset) -> None:
        absent = ", ".join(name for name in asked if name not in case.present)
        name = self.task.subset_name(asked)
        notices = (f"{absent} is empty",)
        self.manifest.append(
            Record(
                case=case.name,
                asked=name,
                status="left out",
                key=self._key,
                notices=notices,
                **self._facts(),
            )
        )

    def _one(
        self,
        session: InferenceSession,
        case: Case,
        asked: Subset,
        subset: Subset,
        inputs: dict[str, Input],
        reading: float,
    ) -> Iterator[Progress]:
        """Segment and write one subset."""
        own = case.own(subset)
        if own is not None:
            session, case = self._session(own, keep=0), own  # as if it had only these modalities
        labels, maps = self._outputs(case, subset)
        name = self.task.subset_name(asked)
        before = self._before.get((case.name, name))
        outputs = tuple(path.name for path in (labels, *maps))
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
        facts: dict[str, Any] = {
            "case": case.name,
            "asked": name,
            "subset": self.task.subset_name(subset),
            "key": self._key,
            "outputs": outputs,
            "inputs": inputs,
        }
        self.manifest.append(Record(status="writing", **facts))
        start = time.perf_counter()
        prediction.save(labels)
        if maps:
            calibrated = is_calibrated(self.model.card)
            write_probabilities(labels, prediction, calibrated=calibrated)
        seconds = {"read": reading, **prediction.provenance["seconds"]}
        seconds["write"] = time.perf_counter() - start
        self.manifest.append(
            Record(
                status="done",
                unit=prediction.grid.unit,
                sizes=prediction.region_sizes(),
                seconds={step: round(value, 3) for step, value in seconds.items()},
                notices=(*case.notices, *told),
                seen_in_training=bool(prediction.provenance["seen_in_training"]),
                **facts,
                **self._facts(),
            )
        )

    def _outputs(self, case: Case, subset: Subset) -> tuple[Path, list[Path]]:
        """The label map and the maps of probabilities."""
        name = f"{case.name}_{self.task.subset_name(subset)}_{RESULT}{label_ending(case.grid)}"
        labels = self.manifest.folder / NO_NAME.sub("_", name)
        if not self.settings.probabilities:
            return labels, []
        exclusive = self.model.network.exclusive
        return labels, list(probability_files(labels, self.task, exclusive=exclusive).values())

    def _session(self, case: Case, keep: int | None) -> InferenceSession:
        return self.settings.session(self.model, case, keep=keep)

    def _is_done(self, files: CaseFiles, asked: Subset) -> bool:
        """Return whether the result exists, from the same settings and files."""
        record = self._before.get((files.name, self.task.subset_name(asked)))
        if record is None or record.key != self._key or record.status not in ("done", "left out"):
            return False
        there = all(is_file(self.manifest.folder / name) for name in record.outputs)
        return there and all(
            name in files.volumes and _is_same(files.volumes[name], known)
            for name, known in record.inputs.items()
        )

    def _facts(self) -> dict[str, Any]:
        """What produced a result."""
        card = self.model.card
        versions = {"shaspec": __version__, "torch": torch.__version__,
                    "python": platform.python_version()}  # fmt: skip
        return {
            "model": card.name,
            "sha256": card.sha256,
            "versions": versions,
            "settings": asdict(self.settings),
        }


def _input(path: Path) -> Input:
    state = path.stat()
    return Input(
        file=str(path.absolute()), bytes=state.st_size, modified=state.st_mtime_ns,
        sha256=sha256(path),
    )  # fmt: skip


def _is_same(path: Path, known: Input) -> bool:
    """True if a file has the content that it had; its time of change saves reading it."""
    try:
        state = path.stat()
        if state.st_size != known.bytes:
            return False
        return state.st_mtime_ns == known.modified or sha256(path) == known.sha256
    except (InputError, OSError):
        return False
