"""``shaspec evaluate``: one model on many cases over all subsets."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from shaspec.cli.common import (
    ByVoxel,
    Device,
    Grid,
    Overlap,
    Overwrite,
    Precision,
    escape,
    make_folder,
    numbers,
    report_seen,
)  # fmt: skip
from shaspec.cli.results import print_comparison, print_published, print_scores
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shaspec.case import Case
    from shaspec.evaluation.protocol import GaveWay, Rules
    from shaspec.evaluation.tables import Row
    from shaspec.io import CaseFiles
    from shaspec.models.weights import Model
    from shaspec.task import Task


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    data: Annotated[Path, typer.Argument(help="A folder of labelled cases, or a list in it.")],
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and protocol.json.")],
    against: Annotated[
        str, typer.Option(help="A second model, evaluated likewise and compared case by case.")
    ] = "",
    splits: Annotated[
        Path | None, typer.Option(help="JSON, CSV or text file of held-out cases.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="Evaluate the cases of this fold only.")] = None,
    subsets: Annotated[str, typer.Option(help="Only these, e.g. all,T1ce,FLAIR+T2")] = "",
    metrics: Annotated[
        str, typer.Option(help="all, or some columns, e.g. dice (fastest) or dice,hd95_mm")
    ] = "all",
    et_rule: Annotated[
        str, typer.Option(help="raw, or drop-small: short for --drop-small ET=500.")
    ] = "raw",
    drop_small: Annotated[
        str, typer.Option(help="Regions that count as empty below so many voxels, e.g. ET=500")
    ] = "",
    beside: Annotated[
        str, typer.Option(help="Print published tables below, see shaspec published.")
    ] = "",
    scheme: Annotated[str, typer.Option(help="Label convention; default: recognised.")] = "",
    device: Device = "auto",
    precision: Precision = "auto",
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Overlap = 0.25,
    grid: Grid = "",
    labels_by_voxel: ByVoxel = None,
    overwrite: Overwrite = False,
) -> None:
    """Dice, HD95, lesion-wise scores and sizes over all subsets, for every case in DATA.

    A case that cannot be used is left out; such cases are listed at the end, and the exit code is
    1.
    """
    from shaspec.evaluation.protocol import Rules
    from shaspec.evaluation.published import load_published
    from shaspec.io.splits import fold_cases
    from shaspec.models.card import model_folder
    from shaspec.models.summary import method_of
    from shaspec.models.weights import load_model

    if against and model_folder(against).resolve() == model_folder(model).resolve():
        raise InputError(f"--against {against} is the model itself: name another, or leave it out")
    console = Console()
    published = [load_published(name) for name in beside.split(",") if name]
    names = () if metrics == "all" else tuple(metrics.replace(" ", "").split(","))
    rules = Rules(names, _drop_small(et_rule, drop_small))
    console.print(escape(f"rules: {rules.text}"))
    chosen = None if splits is None else fold_cases(splits, fold)
    models = {name: load_model(name) for name in ([model, against] if against else [model])}
    labels = _labels(models)
    for name, loaded in models.items():
        card = loaded.card
        console.print(escape(f"{labels[name]}: {method_of(card)}, {card.preset}"))
    results: dict[str, list[Row]] = {}
    failed: dict[str, str] = {}
    reading = {"scheme": scheme or None, "grid": grid, "labels_by_voxel": labels_by_voxel}
    for name, loaded in models.items():
        folder = out if not results else out / "against"
        results[labels[name]] = _evaluate_one(
            console, labels[name], loaded, rules, folder,
            data=data, chosen=chosen, subsets=subsets, reading=reading, failed=failed,
            device=device, precision=precision,
            window=numbers(window), overlap=overlap, overwrite=overwrite,
        )  # fmt: skip
    print_scores(console, results, rules.text, out)
    if against:
        first, second = results.items()
        print_comparison(console, first, second, out)
    for table in published:
        print_published(console, table)
    console.print(f"wrote {escape(str(out / 'metrics.csv'))}, summary.csv and what goes with them")
    if failed:
        listed = "; ".join(f"{name}: {why}" for name, why in failed.items())
        console.print(f"[bold red]left out, for they cannot be used: {escape(listed)}[/]")
        raise typer.Exit(1)


def _evaluate_one(
    console: Console,
    name: str,
    model: Model,
    rules: Rules,
    folder: Path,
    *,
    data: Path,
    chosen: set[str] | None,
    subsets: str,
    reading: dict[str, Any],
    failed: dict[str, str],
    device: str,
    precision: str,
    window: tuple[int, ...],
    overlap: float,
    overwrite: bool,
) -> list[Row]:
    """Run one model; ``metrics.csv`` is written anew after every case.

    ``reading`` are options of `read_case`; ``failed`` gets the cases that cannot be used, and why.
    """
    from shaspec.evaluation.protocol import PROTOCOL_FILE, evaluate_case, protocol, write_protocol
    from shaspec.evaluation.statistics import summary
    from shaspec.evaluation.tables import METRICS_FILE, SUMMARY_FILE, write_csv, write_rows
    from shaspec.inference.memory import choose_device
    from shaspec.inference.precision import choose_precision, precision_name

    task = model.card.task
    rules.check(task)
    wanted = list(dict.fromkeys(map(task.parse_subset, subsets.split(",") if subsets else ())))
    files = _labelled(console, data, task, chosen)
    make_folder(folder)
    _check_tables(folder, files, overwrite)
    rows: list[Row] = []
    ways: list[GaveWay] = []

    def gave_way(way: GaveWay) -> None:
        console.print(f"[yellow]{escape(f'{way.case}, {way.subset}: {way.text}')}[/]")
        ways.append(way)

    seen: list[str] = []
    namesakes: list[str] = []
    with progress_bar(console) as bar:
        work = bar.add_task(escape(name), total=len(files))
        for found in files:
            bar.update(work, description=escape(f"{name}: {found.name}"))
            bar.advance(work)
            case = _read(console, found, task, reading, failed)
            if case is None:
                continue
            console.print(f"{escape(case.name)}: {escape('; '.join(case.notices))}")
            how = model.card.seen(case)
            report_seen(console, how, case.name, name)
            seen += [case.name] if how == "by content" else []
            namesakes += [case.name] if how == "by name" else []
            try:
                scored = list(evaluate_case(
                    model, case, wanted, rules=rules, device=device, precision=precision,
                    window=window or None, overlap=overlap, gave_way=gave_way,
                ))  # fmt: skip
            except OutOfMemoryError as error:
                failed[case.name] = str(error)
                continue
            if not scored:
                console.print(f"[yellow]{escape(case.name)} has none of {escape(subsets)}[/]")
            rows += scored
            write_rows(folder / METRICS_FILE, rows)
    if not rows:
        why = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        what = f"can be used: {why}" if failed else f"has one of the subsets {subsets}"
        raise InputError(f"none of the cases in {data} {what}")
    write_csv(folder / SUMMARY_FILE, summary(rows))
    used = [f.name for f in files if f.name not in failed]
    place = choose_device(device)
    account = protocol(
        model, rules, used, seen, list(dict.fromkeys(r.subset for r in rows)),
        window=list(window or model.card.window), overlap=overlap,
        device=str(place), precision=precision_name(choose_precision(precision, place, task.dims)),
        gave_way=[asdict(way) for way in ways],
        same_name_in_training=namesakes, left_out=failed,
        command=shlex.join(["shaspec", *sys.argv[1:]]),
    )  # fmt: skip
    write_protocol(folder / PROTOCOL_FILE, account)
    return rows


def _read(
    console: Console,
    files: CaseFiles,
    task: Task,
    reading: dict[str, Any],
    failed: dict[str, str],
) -> Case | None:
    """The case; None, with the reason in ``failed``, if it cannot be used."""
    from shaspec.io import read_case

    try:
        return read_case(files, task, **reading)
    except InputError as error:
        failed[files.name] = str(error)
        console.print(f"[yellow]{escape(f'{files.name} is left out: {error}')}[/]")
        return None


def _check_tables(folder: Path, files: Sequence[CaseFiles], overwrite: bool) -> None:
    """Raise `InputError` if a table is there already, or would replace a file of a case."""
    from shaspec.evaluation.protocol import PROTOCOL_FILE
    from shaspec.evaluation.tables import METRICS_FILE, SUMMARY_FILE
    from shaspec.io.outputs import check_output

    inputs = [p for f in files for p in (*f.volumes.values(), f.labels) if p]
    for table in (METRICS_FILE, SUMMARY_FILE, PROTOCOL_FILE):
        check_output(folder / table, inputs, overwrite=overwrite)


def _labelled(console: Console, data: Path, task: Task, chosen: set[str] | None) -> list[CaseFiles]:
    """The cases with a truth, of those that are ``chosen``; says which have none."""
    from shaspec.io import find_cases

    found = find_cases(data, task)
    files = [f for f in found if f.labels is not None]
    missing = sorted((chosen or set()) - {f.name for f in files})
    if missing:
        raise InputError(
            f"{data} holds no labelled case {', '.join(missing[:4])}"
            f"{f' and {len(missing) - 4} more' if len(missing) > 4 else ''}, which the splits name"
        )
    bare = [f.name for f in found if f.labels is None and (chosen is None or f.name in chosen)]
    if bare:
        console.print(f"[yellow]no label file, so not evaluated: {escape(', '.join(bare))}[/]")
    files = [f for f in files if chosen is None or f.name in chosen]
    if not files:
        raise InputError(f"no labelled case to evaluate on in {data}")
    return files


def _labels(models: dict[str, Model]) -> dict[str, str]:
    """What the tables call each model: its card's name, or what was typed where that is shared."""
    names = [model.card.name for model in models.values()]
    if len(set(names)) == len(names):
        return dict(zip(models, names, strict=True))
    return {typed: typed for typed in models}


def _drop_small(et_rule: str, text: str) -> dict[str, int]:
    from shaspec.evaluation.protocol import SMALL_ET

    if et_rule not in ("raw", "drop-small"):
        raise InputError(f"--et-rule {et_rule!r} is neither raw nor drop-small")
    sizes = {"ET": SMALL_ET} if et_rule == "drop-small" else {}
    for part in filter(None, text.split(",")):
        region, _, voxels = part.partition("=")
        if not voxels.strip().isdecimal():
            raise InputError(f"--drop-small {text!r} is not a list such as ET=500,TC=100")
        sizes[region.strip()] = int(voxels)
    return sizes
