"""``shaspec evaluate``: one model on many cases over all subsets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shaspec.cli.common import (
    ByVoxel,
    Fold,
    Grid,
    Overwrite,
    PairWithin,
    Splits,
    Subsets,
    escape,
    report_left_out,
)
from shaspec.cli.evaluation_run import EvaluationOptions, EvaluationRun
from shaspec.cli.results import print_comparison, print_published, print_scores
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError
from shaspec.files.reading import resolved
from shaspec.inference.options import RunOptions

if TYPE_CHECKING:
    from shaspec.evaluation.tables import Row
    from shaspec.models.weights import Model


@with_run_options
def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    data: Annotated[Path, typer.Argument(help="A folder of labelled cases, or a list in it.")],
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and protocol.json.")],
    against: Annotated[
        str, typer.Option(help="A second model to evaluate and compare case by case.")
    ] = "",
    splits: Splits = None,
    fold: Fold = None,
    subsets: Subsets = "",
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
    scheme: Annotated[str, typer.Option(help="Label convention; default: detected.")] = "",
    run: RunOptions = RUN,
    grid: Grid = "",
    labels_by_voxel: ByVoxel = None,
    pair_within: PairWithin = None,
    overwrite: Overwrite = False,
) -> None:
    """Compute Dice, HD95, lesion-wise scores and sizes of all subsets for every case in DATA.

    Cases that cannot be used are left out and listed at the end; the exit code is then 1.
    """
    from shaspec.evaluation.protocol import Rules
    from shaspec.evaluation.published import load_published
    from shaspec.io.splits import fold_cases
    from shaspec.models.card import model_folder
    from shaspec.models.summary import method_of
    from shaspec.models.weights import load_model

    if against and resolved(model_folder(against)) == resolved(model_folder(model)):
        raise InputError(f"--against {against} is the model itself: choose another, or omit it")
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
    failed: dict[str, str] = {}
    passed_over: dict[str, str] = {}
    reading = {"scheme": scheme or None, "grid": grid, "labels_by_voxel": labels_by_voxel}
    options = EvaluationOptions(
        data=data, chosen=chosen, subsets=subsets, reading=reading, rules=rules,
        overwrite=overwrite, within=pair_within, **run.keywords,
    )  # fmt: skip
    places = (out, out / "against")
    runs = [
        EvaluationRun(console, labels[name], models[name], options, place, failed, passed_over)
        for name, place in zip(models, places, strict=False)
    ]
    results = _results(runs, out)
    doubtful = {name: said for evaluation in runs for name, said in evaluation.notices.items()}
    print_scores(console, results, rules.text, out)
    if against:
        first, second = results.items()
        print_comparison(console, first, second, out)
    for table in published:
        print_published(console, table)
    console.print(f"wrote {escape(str(out / 'metrics.csv'))}, summary.csv and what goes with them")
    _report_doubts(console, doubtful, passed_over)
    if failed:
        report_left_out(console, failed)
        raise typer.Exit(1)


def _results(runs: list[EvaluationRun], out: Path) -> dict[str, list[Row]]:
    """The scores of every model, once all results can be written."""
    from shaspec.evaluation.results import comparison_files
    from shaspec.files.writing import check_folder

    for evaluation in runs:
        evaluation.check()
    if len(runs) > 1:
        check_folder(out, comparison_files())
    return {evaluation.name: evaluation.write() for evaluation in runs}


def _report_doubts(
    console: Console, doubtful: dict[str, list[str]], passed_over: dict[str, str]
) -> None:
    """Print what is in no score, and which scores to look at again."""
    for name, why in passed_over.items():
        console.print(f"[yellow]not evaluated: {escape(f'{name}: {why}')}[/]")
    for name, said in doubtful.items():
        told = "; ".join(said)
        console.print(f"[yellow]scored with notices: {escape(f'{name}: {told}')}[/]")


def _labels(models: dict[str, Model]) -> dict[str, str]:
    """The name of each model in tables: that of its card, or as typed if two share it."""
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
