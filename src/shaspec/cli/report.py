"""``shaspec report``: one case on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import (
    Grid,
    Overwrite,
    check_results,
    escape,
    report_case,
    run_job,
    source,
)
from shaspec.cli.engines import Server, engine_of
from shaspec.cli.json_lines import Json, json_lines
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError
from shaspec.inference.options import RunOptions


@with_run_options
def report(
    case: Annotated[
        list[Path],
        typer.Argument(
            help="A case folder, a 4-D file, or one file per modality: file or MODALITY=file."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Page to write (.html or .pdf).")] = Path("report.html"),
    present: Annotated[
        list[str] | None,
        typer.Option(
            help="Modalities to use, joined by +; several times for several rows of the table, of "
            "which the first is pictured. Default: all there, then all but one."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    run: RunOptions = RUN,
    server: Server = "",
    grid: Grid = "",
    json: Json = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a page on one case, and the same content as JSON beside it.

    The page has slices, sizes from several subsets, findings about the input, and provenance.
    """
    from shaspec.analysis.size_interval import with_intervals
    from shaspec.io import read_case
    from shaspec.prediction import Prediction
    from shaspec.report import ENDINGS, write_report
    from shaspec.report.record import record_path

    console = Console(quiet=json)
    with json_lines(json) as lines:
        engine = engine_of(server)
        card = engine.card(model)
        task = card.task
        if task.kind == "classification":
            raise InputError(f"model {card.name!r} predicts a class: use `shaspec predict`")
        asked = dict.fromkeys(task.parse_subset(text) for text in present or ())
        used = {name for subset in asked for name in subset} or None
        subject = read_case(source(case), task, with_labels=False, present=used, grid=grid)
        report_case(console, subject)
        lines.notices(subject.notices)
        there = subject.present
        without_one = [tuple(n for n in there if n != name) for name in there if len(there) > 1]
        subsets = list(asked) or [there, *without_one]
        check_results([out], subject, overwrite, ENDINGS)
        check_results([record_path(out)], subject, overwrite)
        session = engine.session(model, subject, run)
        predictions: list[Prediction] = []
        for subset in subsets:  # the first is pictured, with its confidence
            job = session.predict(subset, probabilities=not predictions)
            made = (lines.job(job) if lines.on else run_job(console, job)).prediction
            assert isinstance(made, Prediction)  # the model segments
            predictions.append(with_intervals(made))
        engine.end(session)
        path = write_report(out, subject, predictions, card)
        wrote = f"wrote {path} and {record_path(path).name}"
        console.print(escape(f"model {card.name}, {card.licence}; {wrote}"))
        lines.write("finished", report=str(path))
