"""Writes the shown result as DICOM SEG, on the series that its scans were converted from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_shaspec.assign import question
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.segment.prepared_folder import prepared_folders
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import UndecidedError
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from shaspec.dicom import Written

LABELS = "labels.nii.gz"


@dataclass(frozen=True)
class Request:
    """What to write where, and what the user has decided."""

    folder: TemporaryDirectory[str]
    write: Callable[[], Path]
    """Writes the labels to `LABELS` in ``folder``."""
    result: Prediction
    edited: bool
    path: Path
    source: Path
    """Folder or zip file of the examination."""
    prepared: Path | None = None
    """Folder of the case, if it was prepared: the result is moved back to the series."""
    series: str = ""
    study: str = ""
    modality: str = ""


class DicomExport:
    """Writes in a worker, and asks where the series or the study is not clear."""

    def __init__(self, state: SegmentState, results: Results, run: Runner, job: JobControl) -> None:
        self._state, self._results, self._run, self._job = state, results, run, job

    def save(self, path: Path, source: Path) -> None:
        """Writes the shown result to a ``.dcm`` file.

        Args:
            path: the file.
            source: folder or zip file of the DICOM examination.
        """
        subset = self._state.shown
        result = self._results.named().get(subset)
        if not isinstance(result, Prediction):
            self._job.refuse("no result to save yet: press Segment first")
            return
        folder = TemporaryDirectory(prefix="shaspec-")
        write = self._results.writing(Path(folder.name) / LABELS, subset)
        edited = subset in self._state.edited
        prepared = next(iter(prepared_folders(self._state)), None)
        self._start(Request(folder, write, result, edited, path, source, prepared))

    def _start(self, request: Request) -> None:
        undecided: list[UndecidedError] = []

        def failed(error: Exception) -> None:
            if isinstance(error, UndecidedError) and question.can_ask():
                undecided.append(error)
            else:
                self._job.show_error(error)

        def ended() -> None:
            if undecided:
                self._ask(undecided[0], request)
            else:
                request.folder.cleanup()

        handlers: Handlers[Written] = Handlers(self._written, failed, ended)
        self._job.say(f"writing {request.path.name}")
        self._run(lambda: _write(request), handlers, threading.Event())

    def _ask(self, error: UndecidedError, request: Request) -> None:
        answer = question.ask_option(error)
        if answer is None:
            request.folder.cleanup()
            self._job.say("Cancelled. Nothing was written.")
        else:
            self._start(replace(request, **{error.option: answer}))

    def _written(self, written: Written) -> None:
        told = "".join(f"\n{notice}" for notice in written.notices)
        self._job.say(f"saved {written.path}, on series {written.series}{told}")


def _write(request: Request) -> Iterator[Written]:
    """Slow: runs in a worker."""
    from shaspec.dicom import dicom_files, read_studies, write_segmentation
    from shaspec.dicom.back import Prepared
    from shaspec.dicom.case import choose_study

    with dicom_files(request.source) as files:
        labels = request.write()
        study = choose_study(read_studies(files), request.study)
        try:
            yield write_segmentation(
                labels,
                study,
                request.result.task,
                request.path,
                series=request.series,
                prepared=Prepared(request.prepared, request.modality) if request.prepared else None,
                model=str(request.result.provenance.get("model", "")),
                edited=request.edited,
                overwrite=True,  # the file dialog has asked
            )
        except UndecidedError as error:  # without the temporary folder
            doubt = error.doubt.replace(f"{labels}: ", "")
            raise UndecidedError(doubt, "choose one", error.option, error.choices) from None
