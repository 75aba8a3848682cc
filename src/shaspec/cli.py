"""``shaspec``: the engine on the command line. Every command is a thin reading of its options.

torch is imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shaspec import __version__
from shaspec.errors import InputError, ShaspecError

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.inference.prediction import Prediction

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Multi-modal segmentation with missing modalities.",
)
Device = Annotated[str, typer.Option(help="auto (a GPU if there is one), cpu, cuda, cuda:1 ...")]
Overlap = Annotated[float, typer.Option(help="Share of a window that overlaps with the next.")]


def main() -> None:
    """Entry point: errors written for a user come as one message, not as a traceback."""
    try:
        app()
    except ShaspecError as error:
        Console(stderr=True).print(f"[bold red]shaspec:[/] {_escape(str(error))}")
        sys.exit(2)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"shaspec {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    del version


@app.command()
def predict(
    case: Annotated[
        list[Path],
        typer.Argument(help="A case folder, a 4-D NIfTI file, or one file per modality."),
    ],
    present: Annotated[
        str, typer.Option(help="Modalities to use, joined by +, e.g. FLAIR+T2; default: all there.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Label map to write (.nii.gz or .nii).")] = None,
    volumes: Annotated[Path | None, typer.Option(help="CSV of the volumes to write.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    device: Device = "auto",
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Overlap = 0.25,
) -> None:
    """Segment one case from any subset of its modalities."""
    from shaspec.inference.session import InferenceSession
    from shaspec.io import read_case, write_labels
    from shaspec.models.weights import load_model

    console = Console()
    loaded = load_model(model)
    task = loaded.card.task
    subject = read_case(_source(case), task, with_labels=False)
    _report_case(console, subject)
    subset = task.parse_subset(present) if present else subject.present
    session = InferenceSession(
        loaded, subject, device=device, window=_numbers(window) or None, overlap=overlap
    )
    if session.seen_in_training:
        console.print(
            f"[yellow]{_escape(subject.name)} was seen in training by model {loaded.card.name}: "
            "the result says nothing about how good the model is.[/]"
        )
    prediction = _run(console, session.segment(subset))
    path = out or Path(f"{subject.name}_{task.subset_name(subset)}_seg.nii.gz")
    write_labels(path, prediction.labels, prediction.grid)
    if volumes is not None:
        _write_volumes(volumes, prediction)
    console.print(_volume_table(prediction))
    console.print(f"model {loaded.card.name}, {loaded.card.licence}; wrote {_escape(str(path))}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    data: Annotated[Path, typer.Argument(help="A folder with one folder per labelled case.")],
    out: Annotated[Path, typer.Option(help="Folder for metrics.csv and summary.csv.")],
    against: Annotated[
        str, typer.Option(help="A second model, evaluated likewise and printed beside it.")
    ] = "",
    splits: Annotated[Path | None, typer.Option(help="JSON file with folds of case names.")] = None,
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
    from shaspec.models.weights import load_model
    from shaspec.training.data import fold_cases

    console = Console()
    console.print(f"rules: {RULES}")
    chosen = None if splits is None or fold is None else fold_cases(splits, fold)
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
        with _progress(console) as bar:
            work = bar.add_task(name, total=len(files))
            for found in files:
                bar.update(work, description=f"{name}: {found.name}")
                case = read_case(found, task, scheme=scheme or None)
                console.print(f"{_escape(case.name)}: {_escape('; '.join(case.notices))}")
                if loaded.card.saw(case):
                    console.print(f"[yellow]{_escape(case.name)}: seen in training by {name}[/]")
                options: dict[str, Any] = {"device": device, "overlap": overlap}
                rows += evaluate_case(
                    loaded, case, wanted, window=_numbers(window) or None, **options
                )
                bar.advance(work)
        folder = out if name == model else out / "against"
        write_csv(folder / "metrics.csv", rows)
        tables[loaded.card.name] = summary(rows)
        write_csv(folder / "summary.csv", tables[loaded.card.name])
    console.print(_dice_table(tables))
    console.print(f"wrote {_escape(str(out / 'metrics.csv'))} and summary.csv")


@app.command()
def train(
    config: Annotated[Path | None, typer.Argument(help="A TOML file with the settings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run.")] = None,
    method: Annotated[str | None, typer.Option(help="shaspec or zero-fill.")] = None,
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
    from shaspec.training.config import load_config, make_config
    from shaspec.training.loop import train as run

    options = {
        "out": out, "method": method, "preset": preset, "data": data, "splits": splits,
        "fold": fold, "phantoms": phantoms, "phantom_seed": phantom_seed,
        "max_minutes": max_minutes, "max_steps": max_steps, "crop": _numbers(crop) or None,
        "batch": batch, "seed": seed, "device": device, "init": init,
    }  # fmt: skip
    given = {key: value for key, value in options.items() if value is not None}
    settings = load_config(config, **given) if config else make_config(given)
    console = Console()
    console.print(f"training {settings.method} {settings.preset} into {_escape(str(settings.out))}")
    command = shlex.join(["shaspec", *sys.argv[1:]])
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console) as bar:
        work = bar.add_task("preparing cases", total=1.0)
        for step in run(settings, command):
            terms = " ".join(f"{k} {v:.3f}" for k, v in step.losses.items())
            bar.update(work, completed=step.progress, description=f"step {step.step}: {terms}")
            if step.step % 50 == 0:
                console.print(f"step {step.step}, {step.minutes:.1f} min: {terms}")
    console.print(f"wrote the model to {_escape(str(settings.out))}")


@app.command("import-official")
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
) -> None:
    """Read weights of the authors' code, without running anything in the file."""
    from shaspec.models.import_official import import_official as convert
    from shaspec.task import load_task

    wanted = load_task(task).reordered(
        modalities.split("+") if modalities else [], _numbers(labels)
    )
    card, report = convert(file, method, wanted, out, part=part or None, absent=absent)
    console = Console()
    for line in report.lines():
        console.print(_escape(line))
    console.print(f"wrote {card.parameters:,} parameters and a card to {_escape(str(out))}")


@app.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="Folder of the case to write.")],
    seed: Annotated[int, typer.Option(help="Same seed, same case.")] = 9_000_000,
    size: Annotated[str, typer.Option(help="Voxels S,P,L.")] = "155,240,240",
) -> None:
    """Write a synthetic glioma case (four modalities and labels) as NIfTI files."""
    from shaspec.io import write_case
    from shaspec.phantom import make_case

    case = make_case(seed, shape=_numbers(size))  # type: ignore[arg-type]
    write_case(out, case)
    Console().print(
        f"wrote {case.name}: {', '.join(case.present)} and labels to {_escape(str(out))}"
    )


@app.command()
def models() -> None:
    """List the bundled models."""
    from shaspec.models.card import bundled_models, load_card

    table = Table("name", "what", "toggles", "licence")
    for name in bundled_models():
        card = load_card(name)
        table.add_row(
            name, card.title, "instant" if card.instant_toggles else "full run", card.licence
        )
    Console().print(table)


# -- helpers ---------------------------------------------------------------------------------


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _source(paths: list[Path]) -> Path | list[Path]:
    return paths[0] if len(paths) == 1 else paths


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"{text!r} is not a list of whole numbers such as 96,96,96") from None


def _progress(console: Console) -> Progress:
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=console, transient=True)


def _report_case(console: Console, case: Case) -> None:
    absent = f"; not there: {', '.join(case.missing)}" if case.missing else ""
    console.print(f"case {_escape(case.name)}: {', '.join(case.present)}{absent}")
    for notice in case.notices:
        console.print(f"[yellow]{_escape(notice)}[/]")


def _run(console: Console, events: Any) -> Prediction:
    from shaspec.inference.events import Finished, Notice
    from shaspec.inference.events import Progress as Tick

    prediction = None
    with _progress(console) as bar:
        work = bar.add_task("starting", total=None)
        for event in events:
            if isinstance(event, Tick):
                bar.update(work, total=event.total, completed=event.done, description=event.stage)
            elif isinstance(event, Notice):
                console.print(f"[yellow]{_escape(event.text)}[/]")
            elif isinstance(event, Finished):
                prediction = event.prediction
    assert prediction is not None
    return prediction


def _volume_table(prediction: Prediction) -> Table:
    table = Table("region", "mL", title=prediction.name)
    for name, ml in prediction.region_ml().items():
        table.add_row(name, f"{ml:.2f}")
    return table


def _write_volumes(path: Path, prediction: Prediction) -> None:
    subset = prediction.task.subset_name(prediction.subset)
    lines = [f"{prediction.case},{subset},{k},{v:.4f}" for k, v in prediction.region_ml().items()]
    path.write_text("\n".join(["case,subset,region,ml", *lines]) + "\n", "utf-8")


def _dice_table(tables: dict[str, list[dict[str, str | float]]]) -> Table:
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


if __name__ == "__main__":
    main()
