"""``shaspec dicom-seg``: write a label map as DICOM SEG, for the viewer of an archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Overwrite, escape
from shaspec.errors import InputError
from shaspec.progress import reporting


def dicom_seg(
    labels: Annotated[Path, typer.Argument(help="Label map, e.g. of shaspec predict.")],
    dicom: Annotated[Path, typer.Argument(help="Folder or zip file of the examination.")],
    out: Annotated[Path, typer.Option(help="The .dcm file to write.")],
    series: Annotated[
        str,
        typer.Option(
            help="Number of the series on which the labels were made; default: the one with "
            "their grid."
        ),
    ] = "",
    prepared: Annotated[
        Path | None,
        typer.Option(
            help="Prepared case of the labels (written by shaspec prepare). The labels are moved "
            "back to the series. Default: the folder of the labels, if it is a prepared case."
        ),
    ] = None,
    modality: Annotated[
        str, typer.Option(help="With a prepared case: the modality of the series, e.g. T1ce.")
    ] = "",
    task: Annotated[str, typer.Option(help="A bundled task or a task file.")] = "brats",
    scheme: Annotated[str, typer.Option(help="Label convention; default: detected.")] = "",
    study: Annotated[
        str, typer.Option(help="Date (YYYY-MM-DD) or number of the study, if there are several.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model that made the labels, for the file.")] = "",
    edited: Annotated[
        bool, typer.Option("--edited", help="The labels were corrected by hand.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a label map as DICOM SEG, which refers to the images of one series.

    The file has the name and ID of the patient, like those images. Needs highdicom: pip install
    shaspec\\[dicom].
    """
    from shaspec.dicom import dicom_files, read_studies
    from shaspec.dicom.back import Prepared, beside
    from shaspec.dicom.case import choose_study
    from shaspec.dicom.segmentation import write_segmentation
    from shaspec.task import load_task

    console = Console()
    case = Prepared(prepared, modality) if prepared else beside(labels)
    case = replace(case, modality=modality) if case else None
    if modality and case is None:
        raise InputError("--modality: give the folder of the prepared case with --prepared")
    with dicom_files(dicom) as files, reporting(True, console) as report:
        written = write_segmentation(
            labels, choose_study(read_studies(files, report), study), load_task(task), out,
            series=series, prepared=case, scheme=scheme or None, model=model, edited=edited,
            overwrite=overwrite,
        )  # fmt: skip
    for notice in written.notices:
        console.print(f"[yellow]{escape(notice)}[/]")
    console.print(f"wrote {escape(str(out))}, on series {written.series}")
