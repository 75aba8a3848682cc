"""What runs in the processes of a Ray cluster: tasks that read and write, actors with the network.

An actor keeps the model between cases. A task reads or writes one case, in a process that does not
import torch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shaspec.cohort.manifest import Record
from shaspec.cohort.stages import Loaded, Result, Stages, Work
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Progress
from shaspec.io import CaseFiles

if TYPE_CHECKING:
    from shaspec.models.weights import Model


@dataclass(frozen=True)
class Place:
    """Where and how the stages run."""

    stages: Stages
    folder: str
    """Current folder of the command: relative paths in messages and lists are from there."""

    def enter(self) -> None:
        """Make the folder that of this process; a computer may lack it."""
        with suppress(OSError):
            os.chdir(self.folder)


@dataclass(frozen=True)
class Read:
    """What is known of a case after reading it; the case itself stays where it was read."""

    work: Work
    notices: tuple[str, ...] = ()


def read(
    place: Place, files: CaseFiles, before: dict[str, Record]
) -> tuple[Read | Record, Loaded | None]:
    """Plan and read a case.

    Returns:
        What is left to do, and the case if that is anything; or the line of a failed case.
    """
    place.enter()
    try:
        work = place.stages.plan(files, before)
        if not work.left:
            return Read(work), None
        loaded = place.stages.read(work)
        return Read(work, loaded.case.notices), loaded
    except Exception as error:  # noqa: BLE001 - a failed case must not stop the others
        return place.stages.failed(files, error), None


def write(place: Place, files: CaseFiles, record: Record, result: Result) -> Record:
    """Write a result; returns the line for the manifest."""
    place.enter()
    try:
        return place.stages.write(record, result)
    except Exception as error:  # noqa: BLE001 - as in `read`
        return place.stages.failed(files, error)


class Predictor:
    """An actor that keeps the model.

    Args:
        place: where and how the stages run.
        threads: of torch.
    """

    def __init__(self, place: Place, threads: int) -> None:
        import torch

        place.enter()
        self._place = place
        torch.set_num_threads(threads)
        self._model: Model | None = None
        self._idle = 0.0

    def start(self) -> str:
        """Load the model; returns why that fails, or nothing."""
        from shaspec.models.weights import load_model

        card = self._place.stages.card
        try:
            self._model = load_model(self._place.stages.settings.model)
        except ShaspecError as error:
            return str(error)
        if self._model.card.sha256 != card.sha256:
            return f"model {card.name!r} has other weights there"
        return ""

    def segment(self, work: Work, loaded: Loaded) -> Iterator[Result | Record | None]:
        """Segment the subsets that are left of a case.

        Yields:
            For each subset its result, None if there is none, and after it the line for the
            manifest: whoever has the line can rely on the result.
        """
        waited = time.perf_counter() - self._idle if self._idle else 0.0
        try:
            if self._model is None and (error := self.start()):
                raise InputError(error)
            assert self._model is not None
            for event in self._place.stages.predict(self._model, work, loaded):
                if isinstance(event, Progress):
                    continue
                record, result = event
                yield result
                yield record.model_copy(update={"seconds": {"wait": round(waited, 3)}})
                waited = 0.0
        except Exception as fault:  # noqa: BLE001 - as in `read`
            yield None
            yield self._place.stages.failed(work.files, fault)
        self._idle = time.perf_counter()
