"""``shaspec sweep``: one case from every subset of its modalities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shaspec.cli.classes import class_of_subsets, classify, refuse
from shaspec.cli.common import (
    ByVoxel,
    Grid,
    Overwrite,
    check_named,
    check_results,
    escape,
    report_case,
    report_seen,
    source,
)
from shaspec.cli.engines import Engine, Server, engine_of
from shaspec.cli.json_lines import Json, JsonLines, json_lines
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError
from shaspec.files.writing import make_folder
from shaspec.inference.options import RunOptions
from shaspec.progress import progress_bar

if TYPE_CHECKING:
    from shaspec.analysis.subset_table import SubsetTable
    from shaspec.case import Case
    from shaspec.inference.interface import AnySession
    from shaspec.models.card import Card
    from shaspec.prediction import Classification

FILES = ("sweep.csv", "shapley.csv", "heat_map.png", "shapley.png")
CELL = 8  # characters of a number in the table


@with_run_options
def sweep(
    case: Annotated[
        list[Path],
        typer.Argument(help="A case folder, a 4-D file, or one file per modality."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for sweep.csv, shapley.csv and figures.")],
    model: Annotated[
        list[str], typer.Option(help="A bundled model or a model folder; give several to compare.")
    ] = ["shaspec"],  # noqa: B006 - typer wants a list
    scheme: Annotated[str, typer.Option(help="Label convention; default: detected.")] = "",
    save_labels: Annotated[bool, typer.Option("--save-labels", help="Write all results.")] = False,
    maps: Annotated[
        bool, typer.Option("--maps", help="Write maps of entropy and of the smallest subset.")
    ] = False,
    run: RunOptions = RUN,
    server: Server = "",
    grid: Grid = "",
    labels_by_voxel: ByVoxel = None,
    json: Json = False,
    overwrite: Overwrite = False,
) -> None:
    """Segment one case from every subset of its modalities, and compare the results.

    The reference is the label map of the case, or the result of all modalities if there is none. A
    classification model predicts the class from every subset.
    """
    console = Console(quiet=json)
    with json_lines(json) as lines:
        engine = engine_of(server)
        cards = [engine.card(name) for name in model]
        for n, card in enumerate(cards):
            if card.name in [other.name for other in cards[:n]]:
                raise InputError(
                    f"two models are called {card.name!r}: change the name in a card.json"
                )
        make_folder(out)
        if all(card.task.kind == "classification" for card in cards):
            refuse(cards[0], save_labels=save_labels, maps=maps, window=run.window, json=json)
            _classes(console, engine, model, source(case), out, run, overwrite)
            return
        tables: list[SubsetTable] = []
        for name, card in zip(model, cards, strict=True):
            subject = _read(
                console, lines, card, case, scheme, grid, labels_by_voxel, first=not tables
            )
            if maps and subject.grid.dims == 2:
                raise InputError("--maps writes NIfTI, which is for volumes; omit it for pictures")
            if not tables:
                check_results([out / name for name in FILES], subject, overwrite)
            for folder in [out / "labels"] * save_labels + [out / "maps"] * maps:
                make_folder(folder)
                check_named(folder, f"{subject.name}_{card.name}_", subject, overwrite)
            session = engine.session(name, subject, run)
            tables.append(_run(console, lines, session))
            engine.end(session)
        paths = _write(console, tables, out, save_labels=save_labels, maps=maps)
        lines.write("finished", files=[str(path) for path in paths])


def _read(
    console: Console,
    lines: JsonLines,
    card: Card,
    files: list[Path],
    scheme: str,
    grid: str,
    labels_by_voxel: bool | None,
    *,
    first: bool,
) -> Case:
    """The case for the task of a model; it is reported with the first model."""
    from shaspec.io import read_case

    case = read_case(
        source(files), card.task,
        scheme=scheme or None, grid=grid, labels_by_voxel=labels_by_voxel,
    )  # fmt: skip
    if first:
        report_case(console, case)
        lines.notices(case.notices)
    return case


def _write(
    console: Console, tables: list[SubsetTable], out: Path, *, save_labels: bool, maps: bool
) -> list[Path]:
    """Write tables, figures and what was asked for; returns tables and figures."""
    from shaspec.analysis import robustness_files as files
    from shaspec.analysis.subset_table import DICE, measures_of

    _, _, size = measures_of(tables[0].task.dims)
    rows, shapley, heat_map, contributions = (out / name for name in FILES)
    paths = [
        files.write_rows(rows, tables),
        files.write_shapley(shapley, tables, [DICE, size]),
        files.write_figure(heat_map, files.heat_map_figure(tables, DICE)),
        files.write_figure(contributions, files.contributions_figure(tables, DICE)),
    ]
    for table in tables:
        many = files.write_label_maps(out / "labels", table) if save_labels else []
        many += files.write_maps(out / "maps", table) if maps else []
        if many:
            console.print(f"wrote {len(many)} files of model {escape(table.model)}")
    console.print(f"wrote {', '.join(path.name for path in paths)} to {escape(str(out))}")
    return paths


def _classes(
    console: Console,
    engine: Engine,
    models: list[str],
    files: Path | list[Path] | dict[str, Path],
    out: Path,
    run: RunOptions,
    overwrite: bool,
) -> None:
    """The class from every subset, by every model."""
    from shaspec.analysis.subset_table import subsets_of
    from shaspec.io import read_case, write_classes

    results: list[Classification] = []
    for name in models:
        case = read_case(files, engine.card(name).task)
        if not results:
            report_case(console, case)
            check_results([out / FILES[0]], case, overwrite)
        subsets = subsets_of(case.present)
        session = engine.session(name, case, run)
        mine = classify(console, session, subsets)
        engine.end(session)
        results += mine
        console.print(class_of_subsets(mine))
    console.print(f"wrote {escape(str(write_classes(out / 'sweep.csv', results)))}")


def _run(console: Console, lines: JsonLines, session: AnySession) -> SubsetTable:
    """Print the rows as they come; returns the whole table."""
    from shaspec.analysis.robustness import RowAdded
    from shaspec.analysis.robustness import sweep as run
    from shaspec.inference.events import Notice, Progress
    from shaspec.prediction import NOT_FOUND_NOTE

    card = session.card
    console.print(f"model {escape(card.name)}, {escape(card.licence)}")
    lines.notices(report_seen(console, session.seen, session.case.name, card.name))
    table: SubsetTable | None = None
    with progress_bar(console) as bar:
        work = bar.add_task("starting", total=None)
        for event in run(session, truth=session.case.labels):
            if isinstance(event, Progress):
                bar.update(work, total=event.total, completed=event.done, description=event.stage)
                lines.progress(event.done, event.total, event.stage)
            elif isinstance(event, Notice):
                console.print(f"[yellow]{escape(event.text)}[/]")
                lines.notices([event.text])
            elif isinstance(event, RowAdded):
                lines.row(event.table)
                if table is None:
                    _print_head(console, event.table)
                table = event.table
                _print_row(console, table)
    assert table is not None
    if not all(row.prediction.found_all for row in table.rows):
        console.print(f"0 {table.rows[0].prediction.grid.unit}: not found. {NOT_FOUND_NOTE}")
    _print_contributions(console, table)
    return table


def _print_head(console: Console, table: SubsetTable) -> None:
    console.print(f"compared with {table.reference}")
    width = CELL * len(table.regions)
    groups = "".join(f"{measure.title:>{width}}" for measure in table.measures)
    cells = "".join(f"{region:>{CELL}}" for _ in table.measures for region in table.regions)
    console.print(f"[bold]{'':<{_width(table)}}{groups}[/]")
    console.print(f"[bold]{'subset':<{_width(table)}}{cells}  best to add[/]")


def _print_row(console: Console, table: SubsetTable) -> None:
    from shaspec.analysis.shapley import gains
    from shaspec.analysis.subset_table import DICE

    row = table.rows[-1]
    cells = "".join(
        f"{m.text(row.values[m.name][r]):>{CELL}}" for m in table.measures for r in table.regions
    )
    best = next(iter(gains(table, row.subset, DICE).items()), None)
    add = f"{best[0]} {best[1]:+.3f}" if best else ""
    console.print(f"{row.name:<{_width(table)}}{cells}  {add}", highlight=False)


def _print_contributions(console: Console, table: SubsetTable) -> None:
    from rich.table import Table

    from shaspec.analysis.shapley import contributions
    from shaspec.analysis.subset_table import DICE

    shown = Table("modality", *table.regions, title="Shapley values of the Dice")
    values = contributions(table, DICE)
    for modality in table.modalities:
        shown.add_row(modality, *(f"{values[r][modality]:+.3f}" for r in table.regions))
    console.print(shown)


def _width(table: SubsetTable) -> int:
    return len(table.task.subset_name(table.modalities)) + 2
