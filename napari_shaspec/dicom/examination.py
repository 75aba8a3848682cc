"""Opens a DICOM examination: the user checks the series, then they are converted to a case."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from napari_shaspec.assign.question import can_ask
from napari_shaspec.dicom import series_question
from napari_shaspec.dicom.series_choices import SeriesChoices
from napari_shaspec.drops import tasks
from napari_shaspec.free_folder import free_folder
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.cancellable import cancellable
from shaspec.dicom import Study, dicom_files, propose, read_studies
from shaspec.dicom.case import Converted, write_study
from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import resolved
from shaspec.io.formats.table import DICOM
from shaspec.progress import Report
from shaspec.task import Task

READING, CONVERTING = "reading the headers of the DICOM files", "converting"


def converted(source: Path) -> Path | None:
    """Asks for the series of a DICOM folder or zip file, and converts them to a case folder.

    The task is the one of volumes that most series fit.

    Args:
        source: folder or zip file of one patient.

    Returns:
        The folder that was written; None: the user has cancelled.

    Raises:
        InputError: if there is no window to ask in, no examination of one patient, or no pydicom.
    """
    if not can_ask():
        raise InputError(f"{source}: is a DICOM examination; {DICOM.advice}")
    with ExitStack() as open_files:

        def read(report: Report) -> tuple[Sequence[Path], tuple[Study, ...]]:
            files = open_files.enter_context(dicom_files(source))
            return files, read_studies(files, report)

        conversion = cancellable(read, READING)
        if conversion is None:
            return None
        files, studies = conversion
        volumes = [task for task in tasks() if task.dims == 3]
        task = max(volumes, key=lambda one: sum(_fitting(study, one) for study in studies))
        choices = [SeriesChoices(study, task) for study in studies]
        folder, why = proposed_folder(source, studies[-1]), ""
        while True:
            answer = series_question.ask_series(choices, folder, why)
            if answer is None:
                return None
            chosen, folder = answer
            try:
                written = _written(chosen, files, task, folder)
            except ShaspecError as error:  # asked again: nothing that was chosen is lost
                why = str(error)
                continue
            if written is not None and written.notices:
                notifications.info(f"{folder.name}: " + "; ".join(written.notices))
            return None if written is None else folder


def proposed_folder(source: Path, study: Study) -> Path:
    """A folder that is not there yet, beside the source, named after the date alone.

    The names of the source often contain the name of the patient.
    """
    name = f"case-{study.date}" if study.date else "case"
    return free_folder(resolved(source).parent / name, "-")


def _fitting(study: Study, task: Task) -> int:
    return sum(bool(proposal.role) for proposal in propose(study, task))


def _written(
    choices: SeriesChoices, files: Sequence[Path], task: Task, folder: Path
) -> Converted | None:
    def work(report: Report) -> Converted:
        return write_study(choices.study, files, task, folder, given=choices.given, progress=report)

    return cancellable(work, CONVERTING)
