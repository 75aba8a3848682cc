"""``shaspec import-official``: checkpoints of the authors' code become model folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Overwrite, escape, numbers


def import_official(
    file: Annotated[Path, typer.Argument(help="A checkpoint that the authors' code wrote.")],
    method: Annotated[str, typer.Option(help="shaspec, maml or m3l.")],
    out: Annotated[Path, typer.Option(help="Model folder to make.")],
    task: Annotated[str, typer.Option(help="A bundled task or a task file.")] = "brats",
    modalities: Annotated[
        str, typer.Option(help="Order of its input channels, e.g. T1+T1ce+T2+FLAIR.")
    ] = "",
    labels: Annotated[
        str, typer.Option(help="Labels of its output classes after background, e.g. 2,1,4.")
    ] = "",
    part: Annotated[str, typer.Option(help="Which of several tables of tensors to take.")] = "",
    absent: Annotated[str, typer.Option(help="ShaSpec: mean (paper) or first (code).")] = "mean",
    overwrite: Overwrite = False,
) -> None:
    """Read weights of the authors' code, without running anything in the file."""
    from shaspec.files.writing import make_folder
    from shaspec.io.outputs import check_output
    from shaspec.models.card import CARD_FILE, WEIGHTS_FILE
    from shaspec.models.import_official import import_official as convert
    from shaspec.task import load_task

    chosen_task = load_task(task).reordered(
        modalities.split("+") if modalities else [], numbers(labels)
    )
    make_folder(out)
    for name in (WEIGHTS_FILE, CARD_FILE):
        check_output(out / name, [file], overwrite=overwrite)
    card, report = convert(file, method, chosen_task, out, part=part or None, absent=absent)
    console = Console()
    for line in report.lines():
        console.print(escape(line))
    console.print(f"wrote {card.parameters:,} parameters and a card to {escape(str(out))}")
