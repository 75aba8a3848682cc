"""``shaspec predict``: one case, any subset of its modalities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.classes import class_table, classify, refuse
from shaspec.cli.common import (
    Grid,
    Overwrite,
    Probabilities,
    check_results,
    escape,
    report_case,
    report_notice,
    report_seen,
    run_job,
    source,
    weight_table,
)
from shaspec.cli.engines import Engine, Server, engine_of
from shaspec.cli.json_lines import Json, JsonLines, json_lines
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.inference.options import RunOptions

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.evaluation.tables import Line
    from shaspec.inference.interface import AnySession
    from shaspec.models.card import Card
    from shaspec.prediction import Prediction
    from shaspec.task import Subset

Threshold = Annotated[
    str,
    typer.Option(help="Probability threshold of a region, e.g. ET=0.3,WT=0.6; default: 0.5 each."),
]


@with_run_options
def predict(
    case: Annotated[
        list[Path],
        typer.Argument(
            help="A case folder, a 4-D file, or one file per modality: file or MODALITY=file. Or a "
            "folder or list of many cases, with --out DIR."
        ),
    ],
    present: Annotated[
        str, typer.Option(help="Modalities to use, joined by +, e.g. FLAIR+T2; default: all.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Label map to write (.nii.gz, .nii; .seg.nrrd for 3D Slicer; .png for pictures); "
            "from a classifier, a table of probabilities (.csv). For many cases: the folder of "
            "their results."
        ),
    ] = None,
    volumes: Annotated[
        Path | None, typer.Option("--volumes", "--csv", help="CSV file of region sizes to write.")
    ] = None,
    probabilities: Probabilities = False,
    threshold: Threshold = "",
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    run: RunOptions = RUN,
    server: Server = "",
    grid: Grid = "",
    json: Json = False,
    overwrite: Overwrite = False,
) -> None:
    """Segment or classify one case from any subset of its modalities.

    A folder or list of many cases is segmented into the folder --out: one label map per case, and
    volumes.csv for all. Finished cases are skipped; a case that cannot be used is left out and
    listed at the end, and the exit code is 1. shaspec cohort has more options.
    """
    from shaspec.cli.cohort import cases_of, run_cohort
    from shaspec.cohort.settings import AVAILABLE, Settings
    from shaspec.io import label_endings
    from shaspec.io.outputs import refuse_original, refuse_volume

    console = Console(quiet=json)
    with json_lines(json) as lines:
        engine = engine_of(server)
        card = engine.card(model)
        many = cases_of(case, card.task, out, report_notice(console))
        thresholds = _thresholds(threshold, card, one=not many)
        if many:
            _check_many(json, server)
            settings = Settings(
                model, present or AVAILABLE, probabilities, grid, overwrite, **run.keywords
            )
            run_cohort(console, many, settings, out, source=case[0], csv=volumes, task=card.task)
            return
        asked = card.task.parse_subset(present) if present else None
        subject = _read(console, lines, case, card, asked, grid)
        check_results([volumes, out], subject, overwrite)
        refuse_volume(volumes)
        if out is not None:
            refuse_original(out, card.task)
        if card.task.kind == "classification":
            refuse(card, volumes=volumes, window=run.window, json=json,
                   probabilities=probabilities)  # fmt: skip
            check_results([out], subject, overwrite, [".csv"])
            path = _classify(console, engine, engine.session(model, subject, run), out)
        else:
            path = out or _default_name(subject)
            check_results([path], subject, overwrite, label_endings(subject.grid))
            maps = _maps(card, path) if probabilities else []
            check_results(maps, subject, overwrite)
            session = engine.session(model, subject, run)
            _segment(console, lines, engine, session, path, volumes, thresholds, maps=bool(maps))
        wrote = f"; wrote {escape(str(path))}" if path else ""
        console.print(f"model {card.name}, {card.licence}{wrote}")


def _check_many(json: bool, server: str) -> None:
    """Raise `InputError` for options that only one case has."""
    from shaspec.errors import InputError

    if json:
        raise InputError("--json is for one case: give one, or leave out --json")
    if server:
        raise InputError(
            "--server (or the variable SHASPEC_SERVER) is for one case: give one, or give "
            "--server '' to segment them on this computer"
        )


def _read(
    console: Console,
    lines: JsonLines,
    files: list[Path],
    card: Card,
    asked: Subset | None,
    grid: str,
) -> Case:
    """The case as if only ``asked`` had been acquired, with its notices."""
    from shaspec.io import read_case

    case = read_case(source(files), card.task, with_labels=False, present=asked, grid=grid)
    report_case(console, case)
    lines.notices(case.notices)
    return case


def _classify(
    console: Console, engine: Engine, session: AnySession, out: Path | None
) -> Path | None:
    """Print the classes of a case; returns the table that was written, if any."""
    from shaspec.io import write_classes

    predictions = classify(console, session, [session.case.present])
    engine.end(session)
    path = write_classes(out, predictions) if out else None
    console.print(class_table(predictions[0]))
    return path


def _segment(
    console: Console,
    lines: JsonLines,
    engine: Engine,
    session: AnySession,
    path: Path,
    volumes: Path | None,
    thresholds: dict[str, float],
    *,
    maps: bool,
) -> None:
    """Write the label map, and on request the sizes of its regions and their probabilities."""
    from shaspec.analysis.judgement import judgement
    from shaspec.analysis.size_interval import with_intervals
    from shaspec.io.probability_maps import write_probabilities
    from shaspec.models.summary import is_calibrated
    from shaspec.prediction import NOT_FOUND_NOTE, Prediction
    from shaspec.thresholds import thresholded

    case, card = session.case, session.card
    lines.notices(report_seen(console, session.seen, case.name, card.name))
    job = session.predict(case.present, probabilities=maps or bool(thresholds))
    made = (lines.job(job) if lines.on else run_job(console, job)).prediction
    assert isinstance(made, Prediction)  # the model segments
    engine.end(session)
    prediction = thresholded(with_intervals(made), thresholds)
    prediction.save(path)
    if maps:
        files = write_probabilities(path, prediction, calibrated=is_calibrated(card))
        said = "calibrated" if is_calibrated(card) else "not calibrated"
        names = ", ".join(file.name for file in files)
        console.print(f"probabilities ({said}): {escape(names)}")
    if volumes is not None:
        write_volumes(volumes, prediction)
    console.print(volume_table(prediction))
    if prediction.thresholds:
        console.print(f"thresholds: {escape(prediction.threshold_text)}")
    if prediction.modality_weights:
        console.print(weight_table(prediction.modality_weights, title="weight of each modality"))
    if not prediction.found_all:
        console.print(NOT_FOUND_NOTE)
    if said := judgement(card, prediction.subset):
        console.print(escape(said))
    notes = [NOT_FOUND_NOTE] * (not prediction.found_all) + [said] * bool(said)
    lines.result(prediction, labels=str(path), notes=notes, licence=card.licence)


def _thresholds(text: str, card: Card, *, one: bool) -> dict[str, float]:
    """Parse --threshold; raises an error before the run if it cannot be used."""
    from shaspec.errors import InputError
    from shaspec.thresholds import no_threshold, parse_thresholds

    thresholds = parse_thresholds(text, card.task)
    if thresholds and not one:
        raise InputError("--threshold is for one case: segment the cases one by one")
    if thresholds and card.exclusive:
        raise no_threshold(card.name)
    return thresholds


def _maps(card: Card, path: Path) -> list[Path]:
    """The files of the probabilities beside a label map."""
    from shaspec.io.probability_maps import probability_files

    files = probability_files(path, card.task, exclusive=card.exclusive)
    return list(files.values())


def _default_name(case: Case) -> Path:
    """``case_FLAIR+T2_pred.nii.gz`` in the working folder."""
    from shaspec.io import label_ending
    from shaspec.io.naming import RESULT

    subset = case.task.subset_name(case.present)
    return Path(f"{case.name}_{subset}_{RESULT}{label_ending(case.grid)}")


def volume_table(prediction: Prediction) -> Table:
    from shaspec.analysis.size_interval import HIGH, LOW, interval_text, size_intervals
    from shaspec.prediction import size_text

    unit = prediction.grid.unit
    intervals = size_intervals(prediction)
    head = (f"at {HIGH} to {LOW}",) if intervals else ()
    table = Table("region", unit, *head, title=prediction.name)
    for name, size in prediction.region_sizes().items():
        more = [interval_text(intervals[name], unit)] if intervals else []
        table.add_row(name, size_text(size, 2 if unit == "mL" else 0), *more)
    return table


def write_volumes(path: Path, prediction: Prediction) -> None:
    """A CSV with the size of every region."""
    from shaspec.files.tables import write_csv

    subset = prediction.task.subset_name(prediction.subset)
    unit = prediction.grid.unit.lower()
    sizes = prediction.region_sizes().items()
    head: Line = {"case": prediction.case, "subset": subset}
    write_csv(path, [head | {"region": k, unit: f"{v:.4f}"} for k, v in sizes])
