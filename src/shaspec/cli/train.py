"""``shaspec train``: a run, started or resumed; before it ``--init`` and ``--check``."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shaspec.cli.common import escape, numbers
from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import parse_toml
from shaspec.progress import progress_bar
from shaspec.training.config import MethodName, TrainConfig, load_config, make_config

if TYPE_CHECKING:
    from shaspec.training.events import TrainingEvent, Validation

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Rank of this process: set by torchrun, srun, and Lightning's launcher.
RANKS = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
LISTED = "; "
REST = "set the rest in the train.toml that it writes"


def train(
    config: Annotated[Path | None, typer.Argument(help="A TOML file with the settings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    method: Annotated[str | None, typer.Option(help=f"{', '.join(get_args(MethodName))}.")] = None,
    preset: Annotated[str | None, typer.Option(help="light or paper.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of labelled cases, dataset.json or a CSV list.")
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(help="JSON, CSV or text file of the held-out cases.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="The fold that is left out.")] = None,
    phantoms: Annotated[
        int | None, typer.Option(help="Number of synthetic cases to train on.")
    ] = None,
    phantom_seed: Annotated[int | None, typer.Option(help="Seed of the first phantom.")] = None,
    max_minutes: Annotated[float | None, typer.Option(help="Minutes of training.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Steps of training.")] = None,
    crop: Annotated[str, typer.Option(help="Crop in voxels S,P,L.")] = "",
    batch: Annotated[int | None, typer.Option(help="Samples per step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    start: Annotated[str | None, typer.Option(help="A model to start from.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other key of the configuration, e.g. --set ema=0.99"),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One event per line on stdout, for programs.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Read and list the cases and their problems, and exit."),
    ] = False,
    init: Annotated[
        Path | None,
        typer.Option(help="Write task.toml and train.toml for this folder of cases, and exit."),
    ] = None,
    modalities: Annotated[
        str, typer.Option(help="With --init: parts of the file names, e.g. T1=t1w,T2=t2w")
    ] = "",
    labels_word: Annotated[
        str, typer.Option(help="With --init: the part of the file names that marks labels.")
    ] = "",
) -> None:
    """Train a model; run the same command again to resume."""
    options = {
        "out": out, "method": method, "preset": preset, "data": data, "splits": splits,
        "fold": fold, "phantoms": phantoms, "phantom_seed": phantom_seed,
        "max_minutes": max_minutes, "max_steps": max_steps, "crop": numbers(crop) or None,
        "batch": batch, "seed": seed, "device": device, "start": start,
    }  # fmt: skip
    given = {key: value for key, value in options.items() if value is not None}
    names = [f"--{key.replace('_', '-')}" for key in given if key != "out"]
    others = {"--set": setting, "--json": json, "--check": check, f"configuration {config}": config}
    of_init = {"--modalities": modalities, "--labels-word": labels_word}
    if init is not None:
        names += [name for name, value in others.items() if value]
        _refuse(names, f"--init only takes --out, --modalities and --labels-word: {REST}")
        propose(init, out or Path(), [m for m in modalities.split(",") if m], labels_word)
        return
    _refuse([name for name, value in of_init.items() if value], "it needs --init FOLDER")
    given |= dict(map(parse_setting, setting or []))
    settings = load_config(config, **given) if config else make_config(given)
    if check:
        list_cases(settings)
    else:
        run(settings, json=json)


def _refuse(names: list[str], why: str) -> None:
    """Raise `InputError` for options that would be ignored."""
    if names:
        raise InputError(f"{', '.join(names)}: not used here; {why}")


def parse_setting(text: str) -> tuple[str, Any]:
    """``key=value``, the value as in TOML, or just text."""
    key, separator, value = text.partition("=")
    if not separator:
        raise InputError(f"--set {text}: say KEY=VALUE, e.g. --set ema=0.99")
    try:
        return key.strip(), parse_toml(f"value = {value}", "--set")["value"]
    except InputError:
        return key.strip(), value.strip()


# -- the run -------------------------------------------------------------------------------------


def run(settings: TrainConfig, *, json: bool) -> None:
    """Drive a run; ends with 128 + the number of the signal that ended it.

    The exit code is 1 if cases were left out.
    """
    from shaspec.training.events import Failed, as_json
    from shaspec.training.loop import run as events

    # Only the first of several processes prints, and it ends the run for all: if another exited
    # between two messages, the first would fail without having saved.
    first = all(os.environ.get(name, "0") == "0" for name in RANKS)
    show = silence() if not first else lines(as_json) if json else bars(settings)
    next(show)
    work = events(settings, shlex.join(["shaspec", *sys.argv[1:]]))
    left_out: tuple[str, ...] = ()
    with caught_signals() as caught:
        try:
            for event in work:
                show.send(event)
                left_out = getattr(event, "left_out", left_out)
                if caught and first:
                    break
        except ShaspecError as error:
            if json:
                show.send(Failed(str(error)))
            raise
        except RuntimeError:  # the first process has ended, and with it the connection
            if first or not caught:
                raise
        finally:
            work.close()  # saves a checkpoint if the run is not over
            show.close()
    if caught:
        name = signal.Signals(caught[0]).name
        Console(stderr=True).print(f"ended by {name}; run the same command again to resume")
        raise typer.Exit(128 + caught[0])
    if left_out and first:
        Console(stderr=True).print(escape(f"left out, cannot be used: {LISTED.join(left_out)}"))
        raise typer.Exit(1)


@contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM fill the list instead of ending the process in the middle of a step."""
    caught: list[int] = []
    before = {s: signal.signal(s, lambda number, _: caught.append(number)) for s in SIGNALS}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def lines(as_json: Any) -> Generator[None, TrainingEvent, None]:
    """Events as lines of JSON on stdout."""
    while True:
        event = yield
        sys.stdout.write(as_json(event) + "\n")
        sys.stdout.flush()


def silence() -> Generator[None, TrainingEvent, None]:
    """Events as nothing."""
    while True:
        yield


def bars(settings: TrainConfig) -> Generator[None, TrainingEvent, None]:
    """Events as a progress bar and sentences."""
    from shaspec.training import events as e

    console = Console()
    console.print(f"training {settings.method} {settings.preset} into {escape(str(settings.out))}")
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console) as bar:
        work = bar.add_task("preparing cases", total=1.0)
        while True:
            event = yield
            if isinstance(event, e.Preparing):
                bar.update(work, completed=event.done / max(1, event.total))
            elif isinstance(event, e.Prepared):
                console.print(
                    f"{event.cases} cases, {event.phantoms} phantoms; {event.held_out} held out"
                )
                for notice in (*event.notices, *(f"left out: {text}" for text in event.left_out)):
                    console.print(f"[yellow]{escape(notice)}[/]")
                if event.step:
                    console.print(f"resumed after step {event.step}")
            elif isinstance(event, e.Step):
                terms = " ".join(f"{k} {v:.3f}" for k, v in event.losses.items())
                text = f"step {event.step}: {terms}"
                bar.update(work, completed=event.progress, description=text)
                if event.step % 50 == 0:
                    console.print(f"step {event.step}, {event.minutes:.1f} min: {terms}")
            elif isinstance(event, e.Validating):
                bar.update(work, description=f"validating, {event.progress:.0%}")
            elif isinstance(event, e.Validation):
                print_validation(console, event)
            elif isinstance(event, e.Finished):
                console.print(f"wrote the model to {escape(event.folder)}")


def print_validation(console: Console, event: Validation) -> None:
    """Dice: subsets down, regions across."""
    cases = escape(", ".join(event.cases))
    console.print(f"step {event.step}, {event.minutes:.1f} min: Dice on {cases}")
    regions = list(next(iter(event.dice.values())))
    table = Table("", box=None)
    for region in regions:
        table.add_column(region, justify="right")
    for subset, values in event.dice.items():
        table.add_row(subset, *(f"{values[region]:.2f}" for region in regions))
    console.print(table)


# -- before a run --------------------------------------------------------------------------------


def list_cases(settings: TrainConfig) -> None:
    """Read every case of the run and report present and missing modalities and problems."""
    from shaspec.task import load_task
    from shaspec.training.check import counted, settings_problems, uses
    from shaspec.training.read_through import read_through
    from shaspec.training.selection import select_cases

    console = Console()
    task = load_task(settings.task).at(settings.spacing)
    selection = select_cases(settings, task)
    table = Table("case", *task.names, "use", "problem")
    use = uses(selection)
    said: list[str] = []
    wrong = [*selection.problems, *settings_problems(settings, task, selection)]
    with progress_bar(console) as bar:
        work = bar.add_task("reading cases", total=len(selection.to_read))
        for case in read_through(selection, settings, task):
            marks = ["yes" if name in case.present else "-" for name in task.names]
            table.add_row(escape(case.name), *marks, use[case.name], escape(case.problem))
            wrong += [f"case {case.name}: {case.problem}"] if case.problem else []
            said += [f"case {case.name}: {text}" for text in case.notices]
            bar.advance(work)
    console.print(table)
    console.print(counted(selection))
    for notice in (*selection.notices, *said):
        console.print(f"[yellow]{escape(notice)}[/]")
    if wrong:
        raise InputError(f"{len(wrong)} problem{'s' * (len(wrong) > 1)}: {'; '.join(wrong)}")


def propose(folder: Path, out: Path, modalities: list[str], labels_word: str) -> None:
    """Inspect a folder of cases and write the configuration of a run on it."""
    from shaspec.files.writing import check_folder
    from shaspec.training.propose import propose as look
    from shaspec.training.templates import FILES, write

    check_folder(out, FILES)
    console = Console()
    proposal = look(folder, modalities, labels_word)
    task = proposal.task
    origin_note = f" (known: the task {task.name!r} of this package)" if proposal.bundled else ""
    number = len(proposal.cases)
    cases = "1 case" if number == 1 else f"{number} cases"
    console.print(f"{cases}, {len(proposal.labelled)} with labels{origin_note}")
    console.print(f"modalities: {escape(', '.join(task.names))}")
    console.print(f"labels: {escape(', '.join(f'{v.value} {v.name}' for v in task.labels))}")
    for notice in proposal.notices:
        console.print(f"[yellow]{escape(notice)}[/]")
    paths = write(proposal, out)
    console.print(f"wrote {escape(', '.join(map(str, paths)))}; read first, then:")
    console.print(f"shaspec train {escape(str(paths[-1]))}")
