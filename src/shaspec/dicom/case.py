"""Write a case folder from a DICOM examination."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shaspec.dicom.convert import convert
from shaspec.dicom.roles import choose, propose
from shaspec.dicom.series import Study, read_studies
from shaspec.dicom.source import dicom_files
from shaspec.errors import InputError, UndecidedError
from shaspec.files.reading import exists, resolved
from shaspec.files.writing import all_or_nothing, make_folder
from shaspec.io.outputs import check_output, require_no_others
from shaspec.progress import Report, silent
from shaspec.task import Task

PREFIX = "shaspec-dicom-"
"""Of the folder for what dcm2niix writes."""


@dataclass(frozen=True)
class Converted:
    """A case folder that was written."""

    paths: Mapping[str, Path]
    """File by modality."""
    notices: tuple[str, ...]
    """What a user should know, e.g. which of several series was used."""


def case_from_dicom(
    source: Path,
    task: Task,
    out: Path,
    *,
    given: Mapping[str, str] | None = None,
    study: str = "",
    overwrite: bool = False,
    progress: Report = silent,
) -> Converted:
    """Choose one DICOM series per modality and write them as NIfTI files.

    The files are named after ``out`` and the modality. Their headers have the position of the
    volume and no text of the DICOM headers.

    Args:
        source: folder or zip file of one patient.
        task: the modalities.
        out: the case folder to write.
        given: modality -> number of its series, or ``none``; see `shaspec.dicom.choose`.
        study: date (``YYYY-MM-DD``) or number of the study, if there are several.
        overwrite: replace files in ``out``.
        progress: called with ``done``, ``total`` and the stage. An exception raised there cancels.

    Returns:
        Paths and notices.

    Raises:
        InputError: if files are damaged, the choice is doubtful, or a series is not one volume.
    """
    with dicom_files(source) as files:
        chosen = choose_study(read_studies(files, progress), study)
        return write_study(
            chosen, files, task, out, given=given, overwrite=overwrite, progress=progress
        )


def write_study(
    study: Study,
    files: Sequence[Path],
    task: Task,
    out: Path,
    *,
    given: Mapping[str, str] | None = None,
    overwrite: bool = False,
    progress: Report = silent,
) -> Converted:
    """As `case_from_dicom`, of a study that was read already.

    Args:
        study: the study.
        files: all files of the source; none of them is written over.
        task: as there. out: as there. given: as there. overwrite: as there. progress: as there.

    Returns:
        Paths and notices.

    Raises:
        InputError: as there.
    """
    if task.dims != 3:
        raise InputError(f"task {task.name} reads pictures: DICOM is read for volumes only")
    if study.problems:
        raise InputError(
            f"{study.problems[0]}; a series may be incomplete without it. Copy the file again, or "
            "move it out of the folder"
        )
    name = resolved(out).name
    targets = {role: out / f"{name}_{role.lower()}.nii.gz" for role in task.names}
    choice = choose(propose(study, task), task, given)
    require_no_others(out, [targets[role] for role in choice.series])
    new = not exists(out)
    make_folder(out)
    for role in choice.series:
        check_output(targets[role], files, overwrite=overwrite, keep_own=True)
    notices = list(choice.notices)
    # All volumes are written, or none.
    with all_or_nothing(out, new=new) as finished, TemporaryDirectory(prefix=PREFIX) as folder:
        for done, (role, series) in enumerate(choice.series.items()):
            progress(done, len(choice.series), f"converting {role}")
            made = Path(folder) / targets[role].name
            notices += convert(series, study, made)
            shutil.copyfile(made, finished / made.name)
        progress(len(choice.series), len(choice.series), "converted")
    return Converted({role: targets[role] for role in choice.series}, tuple(notices))


def choose_study(studies: Sequence[Study], wanted: str) -> Study:
    """The study with a date or number (from 1); raises `InputError` if it is not unique."""
    if not wanted and len(studies) == 1:
        return studies[0]
    matching = [s for n, s in enumerate(studies, 1) if wanted and wanted in (str(n), s.date)]
    if len(matching) == 1:
        return matching[0]
    shown = {
        f"{n}: {s.date or 'no date'} ({len(s.series)} series)": str(n)
        for n, s in enumerate(studies, 1)
    }
    count = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    none = f", and {'several have' if matching else 'none has'} the date or number {wanted}"
    raise UndecidedError(
        f"the DICOM files are of {count}{none * bool(wanted)}",
        f"choose with --study: {', '.join(shown)}",
        "study",
        shown,
    )
