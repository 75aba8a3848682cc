"""``shaspec evaluate``: one model on many cases over all subsets."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Device, Overlap, escape, make_folder, numbers, report_seen
from shaspec.cli.results import print_comparison, print_published, print_scores
from shaspec.errors import InputError
from shaspec.progress import progress_bar

if TYPE_CHECKING:
    from shaspec.evaluation.protocol import GaveWay, Rules
    from shaspec.evaluation.tables import Row
    from shaspec.models.weights import Model


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
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Overlap = 0.25,
) -> None:
    """Dice, HD95, lesion-wise scores and sizes over all subsets, for every case in DATA."""
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
    for name, loaded in models.items():
        folder = out if not results else out / "against"
        results[labels[name]] = _evaluate_one(
            console, labels[name], loaded, rules, folder,
            data=data, chosen=chosen, subsets=subsets, scheme=scheme, device=device,
            window=numbers(window), overlap=overlap,
        )  # fmt: skip
    print_scores(console, results, rules.text, out)
    if against:
        first, second = results.items()
        print_comparison(console, first, second, out)
    for table in published:
        print_published(console, table)
    console.print(f"wrote {escape(str(out / 'metrics.csv'))}, summary.csv and what goes with them")


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
    scheme: str,
    device: str,
    window: tuple[int, ...],
    overlap: float,
) -> list[Row]:
    """Run one model; ``metrics.csv`` is written anew after every case."""
    from shaspec.evaluation.protocol import PROTOCOL_FILE, evaluate_case, protocol, write_protocol
    from shaspec.evaluation.statistics import summary
    from shaspec.evaluation.tables import METRICS_FILE, SUMMARY_FILE, write_csv, write_rows
    from shaspec.inference.memory import choose_device
    from shaspec.io import find_cases, read_case

    task = model.card.task
    rules.check(task)
    wanted = list(dict.fromkeys(map(task.parse_subset, subsets.split(",") if subsets else ())))
    files = [f for f in find_cases(data, task) if f.labels is not None]
    missing = sorted((chosen or set()) - {f.name for f in files})
    if missing:
        raise InputError(
            f"{data} holds no labelled case {', '.join(missing[:4])}"
            f"{f' and {len(missing) - 4} more' if len(missing) > 4 else ''}, which the splits name"
        )
    files = [f for f in files if chosen is None or f.name in chosen]
    if not files:
        raise InputError(f"no labelled case to evaluate on in {data}")
    make_folder(folder)
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
            case = read_case(found, task, scheme=scheme or None)
            console.print(f"{escape(case.name)}: {escape('; '.join(case.notices))}")
            how = model.card.seen(case)
            report_seen(console, how, case.name, name)
            seen += [case.name] if how == "by content" else []
            namesakes += [case.name] if how == "by name" else []
            scored = list(evaluate_case(
                model, case, wanted, rules=rules, device=device, window=window or None,
                overlap=overlap, gave_way=gave_way,
            ))  # fmt: skip
            if not scored:
                console.print(f"[yellow]{escape(case.name)} has none of {escape(subsets)}[/]")
            rows += scored
            write_rows(folder / METRICS_FILE, rows)
            bar.advance(work)
    if not rows:
        raise InputError(f"none of the subsets {subsets} can be had from the cases in {data}")
    write_csv(folder / SUMMARY_FILE, summary(rows))
    account = protocol(
        model, rules, [f.name for f in files], seen, list(dict.fromkeys(r.subset for r in rows)),
        window=list(window or model.card.window), overlap=overlap,
        device=str(choose_device(device)), gave_way=[asdict(way) for way in ways],
        same_name_in_training=namesakes, command=shlex.join(["shaspec", *sys.argv[1:]]),
    )  # fmt: skip
    write_protocol(folder / PROTOCOL_FILE, account)
    return rows


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
