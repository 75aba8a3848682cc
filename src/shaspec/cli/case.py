"""``shaspec case``: list the series of a DICOM examination and write them as a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import Overwrite, escape
from shaspec.errors import InputError
from shaspec.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shaspec.dicom import Proposal


def case(
    dicom: Annotated[Path, typer.Argument(help="Folder or zip file of one patient.")],
    series: Annotated[
        list[str] | None,
        typer.Argument(help="MODALITY=NUMBER of its series, e.g. T1=5; T1=none leaves it out."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the case to write.")] = None,
    task: Annotated[str, typer.Option(help="A bundled task or a task file.")] = "brats",
    study: Annotated[
        str, typer.Option(help="Date (YYYY-MM-DD) or number of the study, if there are several.")
    ] = "",
    list_only: Annotated[
        bool, typer.Option("--list", help="Print the series and proposals, and write nothing.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Convert DICOM to a case: one series per modality, chosen by its tags and description.

    Needs pydicom and dcm2niix: pip install shaspec\\[dicom].
    """
    from shaspec.dicom import dicom_files, propose, read_studies
    from shaspec.dicom.case import choose_study, write_study
    from shaspec.task import load_task

    console = Console()
    chosen_task = load_task(task)
    given = dict(_role_and_number(word) for word in series or ())
    if len(given) < len(series or ()):
        raise InputError(f"{' '.join(series or ())}: give every modality once")
    if out is None and not list_only:
        raise InputError("name the folder of the case with --out, or list the series with --list")
    with dicom_files(dicom) as files:
        with reporting(True, console) as report:
            chosen_study = choose_study(read_studies(files, report), study)
        console.print(_table(propose(chosen_study, chosen_task), chosen_study.date))
        for problem in (*chosen_study.problems, *chosen_study.left_out):
            console.print(f"[yellow]{escape(problem)}[/]")
        if list_only or out is None:
            return
        with reporting(True, console) as report:
            written = write_study(
                chosen_study,
                files,
                chosen_task,
                out,
                given=given,
                overwrite=overwrite,
                progress=report,
            )
    for notice in written.notices:
        console.print(f"[yellow]{escape(notice)}[/]")
    console.print(f"wrote {', '.join(written.paths)} to {escape(str(out))}")


def _role_and_number(word: str) -> tuple[str, str]:
    role, equals, number = word.partition("=")
    if not equals or not role or not number:
        raise InputError(f"{word}: give the series of a modality as MODALITY=NUMBER, e.g. T1=5")
    return role, number


def _table(proposals: Sequence[Proposal], date: str) -> Table:
    """The series of a study with what each is proposed for, and why."""
    table = Table(title=f"study of {date}" if date else "study without a date")
    for heading in ("series", "description", "images", "voxel (mm)", "plane", "modality", "why"):
        table.add_column(heading, justify="right" if heading in ("series", "images") else "left")
    for proposal in proposals:
        series = proposal.series
        voxel = " x ".join(f"{length:.3g}" for length in series.spacing if length > 0)
        role = proposal.role or "/".join(proposal.candidates) + "?" * bool(proposal.candidates)
        why = [*proposal.demerits, proposal.reason, series.problem]
        words = (series.key, series.description, str(series.images), voxel, series.orientation)
        cells = (*words, role or "-", "; ".join(filter(None, why)))
        table.add_row(*map(escape, cells))
    return table
