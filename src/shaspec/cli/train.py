"""``shaspec train``: a run, started or resumed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from shaspec.cli.common import escape, numbers
from shaspec.training.config import MethodName, load_config, make_config


def train(
    config: Annotated[Path | None, typer.Argument(help="A TOML file with the settings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    method: Annotated[str | None, typer.Option(help=f"{', '.join(get_args(MethodName))}.")] = None,
    preset: Annotated[str | None, typer.Option()] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with one folder per case.")] = None,
    splits: Annotated[Path | None, typer.Option(help="JSON file with folds of case names.")] = None,
    fold: Annotated[int | None, typer.Option(help="The fold that is left out.")] = None,
    phantoms: Annotated[
        int | None, typer.Option(help="How many synthetic cases take part.")
    ] = None,
    phantom_seed: Annotated[int | None, typer.Option(help="Seed of the first of them.")] = None,
    max_minutes: Annotated[float | None, typer.Option()] = None,
    max_steps: Annotated[int | None, typer.Option()] = None,
    crop: Annotated[str, typer.Option(help="Crop in voxels S,P,L.")] = "",
    batch: Annotated[int | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    init: Annotated[str | None, typer.Option(help="A model to start from.")] = None,
) -> None:
    """Train a model; run the same command again to resume."""
    from shaspec.training.loop import train as run

    options = {
        "out": out, "method": method, "preset": preset, "data": data, "splits": splits,
        "fold": fold, "phantoms": phantoms, "phantom_seed": phantom_seed,
        "max_minutes": max_minutes, "max_steps": max_steps, "crop": numbers(crop) or None,
        "batch": batch, "seed": seed, "device": device, "init": init,
    }  # fmt: skip
    given = {key: value for key, value in options.items() if value is not None}
    settings = load_config(config, **given) if config else make_config(given)
    console = Console()
    console.print(f"training {settings.method} {settings.preset} into {escape(str(settings.out))}")
    command = shlex.join(["shaspec", *sys.argv[1:]])
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console) as bar:
        work = bar.add_task("preparing cases", total=1.0)
        for step in run(settings, command):
            terms = " ".join(f"{k} {v:.3f}" for k, v in step.losses.items())
            bar.update(work, completed=step.progress, description=f"step {step.step}: {terms}")
            if step.step % 50 == 0:
                console.print(f"step {step.step}, {step.minutes:.1f} min: {terms}")
    console.print(f"wrote the model to {escape(str(settings.out))}")
