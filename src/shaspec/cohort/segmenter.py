"""One case of a cohort after the other: from its files to label maps and lines of the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shaspec.cohort.manifest import Manifest, Record
from shaspec.cohort.settings import Settings
from shaspec.cohort.stages import Stages
from shaspec.errors import InputError
from shaspec.inference.events import Progress
from shaspec.io import CaseFiles
from shaspec.models.weights import Model, load_model


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
        self.manifest = manifest
        self.model: Model = load_model(settings.model)
        self.stages = Stages(settings, self.model.card, manifest.folder)
        task = self.model.card.task
        if task.kind != "segmentation":
            raise InputError(
                f"model {self.model.card.name!r} names a class and segments nothing: give one case "
                "to shaspec predict"
            )
        settings.listed(task)
        self._before = by_case(manifest)

    def segment(self, files: CaseFiles) -> Outcome:
        """Segment a case unless it is finished; an error is recorded and returned, never raised."""
        *_, outcome = self.steps(files)
        assert isinstance(outcome, Outcome)
        return outcome

    def steps(self, files: CaseFiles) -> Iterator[Progress | Outcome]:
        """As `segment`, with the progress before the outcome; closing it ends the work.

        A case that was ended in this way is neither done nor failed: the next run takes it up.
        """
        stages = self.stages
        try:
            work = stages.plan(files, self._before.get(files.name, {}))
            if not work.left:
                yield Outcome(files.name, "skipped")
                return
            loaded = stages.read(work)
            for event in stages.predict(self.model, work, loaded):
                if isinstance(event, Progress):
                    yield event
                    continue
                record, result = event
                self.manifest.append(record)
                if result is not None:
                    self.manifest.append(stages.write(record, result))
            yield Outcome(files.name, "done", notices=loaded.case.notices)
        except Exception as error:  # noqa: BLE001 - a failed case must not stop the others
            record = stages.failed(files, error)
            self.manifest.append(record)
            yield Outcome(files.name, "failed", record.error)


def by_case(manifest: Manifest) -> dict[str, dict[str, Record]]:
    """Case -> asked subset -> the last line about it."""
    latest: dict[str, dict[str, Record]] = {}
    for (case, asked), record in manifest.latest().items():
        latest.setdefault(case, {})[asked] = record
    return latest
