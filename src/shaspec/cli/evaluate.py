"""``shaspec evaluate``: one model on many cases over all subsets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import Device, Overlap, escape, numbers, progress
from shaspec.errors import InputError


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    data: Annotated[Path, typer.Argument(help="A folder of labelled cases, or a list in it.")],
    out: Annotated[Path, typer.Option(help="Folder for metrics.csv and summary.csv.")],
    against: Annotated[
        str, typer.Option(help="A second model, evaluated likewise and printed beside it.")
    ] = "",
    splits: Annotated[
        Path | None, typer.Option(help="JSON, CSV or text file of held-out cases.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="Evaluate the cases of this fold only.")] = None,
    subsets: Annotated[str, typer.Option(help="Only these, e.g. all,T1ce,FLAIR+T2")] = "",
    scheme: Annotated[str, typer.Option(help="Label convention; default: recognised.")] = "",
    device: Device = "auto",
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Overlap = 0.25,
) -> None:
    """Dice over all subsets of modalities, for every case in DATA."""
    from shaspec.evaluation.protocol import RULES, Row, evaluate_case, summary, write_csv
    from shaspec.io import find_cases, read_case
    from shaspec.io.splits import fold_cases
    from shaspec.models.weights import load_model

    console = Console()
    console.print(f"rules: {RULES}")
    chosen = None if splits is None else fold_cases(splits, fold)
    tables = {}
    for name in [model, against] if against else [model]:
        loaded = load_model(name)
        task = loaded.card.task
        wanted = [task.parse_subset(s) for s in subsets.split(",")] if subsets else None
        files = [f for f in find_cases(data, task) if f.labels is not None]
        files = [f for f in files if chosen is None or f.name in chosen]
        if not files:
            raise InputError(f"no labelled case to evaluate on in {data}")
        rows: list[Row] = []
        with progress(console) as bar:
            work = bar.add_task(name, total=len(files))
            for found in files:
                bar.update(work, description=f"{name}: {found.name}")
                case = read_case(found, task, scheme=scheme or None)
                console.print(f"{escape(case.name)}: {escape('; '.join(case.notices))}")
                if loaded.card.saw(case):
                    console.print(f"[yellow]{escape(case.name)}: seen in training by {name}[/]")
                options: dict[str, Any] = {"device": device, "overlap": overlap}
                rows += evaluate_case(
                    loaded, case, wanted, window=numbers(window) or None, **options
                )
                bar.advance(work)
        folder = out if name == model else out / "against"
        write_csv(folder / "metrics.csv", rows)
        tables[loaded.card.name] = summary(rows)
        write_csv(folder / "summary.csv", tables[loaded.card.name])
    console.print(dice_table(tables))
    console.print(f"wrote {escape(str(out / 'metrics.csv'))} and summary.csv")


def dice_table(tables: dict[str, list[dict[str, str | float]]]) -> Table:
    """Subsets down; regions across, one column a model."""
    regions = list(dict.fromkeys(str(line["region"]) for t in tables.values() for line in t))
    subsets = list(dict.fromkeys(str(line["subset"]) for t in tables.values() for line in t))
    table = Table("subset", title="mean Dice over cases")
    for region in regions:
        for name in tables:
            table.add_column(f"{region} {name}" if len(tables) > 1 else region, justify="right")
    found = {
        (name, str(line["subset"]), str(line["region"])): float(line["mean"])
        for name, lines in tables.items()
        for line in lines
    }
    for subset in subsets:
        cells = [
            f"{found[name, subset, region]:.3f}" if (name, subset, region) in found else ""
            for region in regions
            for name in tables
        ]
        table.add_row(subset, *cells, end_section=subset == subsets[-2])
    return table
