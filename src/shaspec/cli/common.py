"""Shared parts of the commands: options, progress bars, printing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich import markup
from rich.console import Console
from rich.table import Table

from shaspec.errors import InputError
from shaspec.files.reading import entries_of, exists, is_folder, resolved
from shaspec.files.writing import make_folder
from shaspec.progress import reporting
from shaspec.task_names import CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shaspec.case import Case
    from shaspec.inference.events import Notice, Progress
    from shaspec.models.card import Seen
    from shaspec.prediction import Weights

E = TypeVar("E")

Splits = Annotated[Path | None, typer.Option(help="JSON, CSV or text file of held-out cases.")]
Fold = Annotated[int | None, typer.Option(help="Use the cases of this fold only.")]
Subsets = Annotated[str, typer.Option(help="Subsets to use, e.g. all,T1ce,FLAIR+T2")]
Grid = Annotated[
    str,
    typer.Option(
        help="Modality whose grid is used for the case, or finest; default: the first present."
    ),
]
PairWithin = Annotated[
    float | None,
    typer.Option(
        "--pair-within",
        min=0,
        help="Pair pictures by the times in their names, at most so many seconds apart; default: "
        "by equal names.",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace existing files, but never input files."),
]
Probabilities = Annotated[
    bool,
    typer.Option(
        "--probabilities",
        help="Write the probabilities of every region as NIfTI (float32) beside the labels: "
        "NAME_prob_ET.nii.gz ...",
    ),
]
ByVoxel = Annotated[
    bool | None,
    typer.Option(
        "--labels-by-voxel/--labels-by-header",
        help="Use voxel indices, or the header, of labels whose position disagrees with the "
        "volumes; default: an error.",
    ),
]


def escape(text: str) -> str:
    """Escape ``text`` for rich: brackets and control characters are printed literally."""
    shown = CONTROL.sub(lambda found: found[0] if found[0] == "\n" else "?", text)
    return markup.escape(shown)


def source(words: list[Path]) -> Path | list[Path] | dict[str, Path]:
    """Parse the case arguments: a folder or a file, several files, or ``MODALITY=file``."""
    named = [role_and_file(word) for word in words]
    if not any(named):
        return words[0] if len(words) == 1 else words
    given = dict(pair for pair in named if pair)
    if len(given) < len(words):
        raise InputError(
            f"{' '.join(map(str, words))}: give every file as MODALITY=file, each modality once, "
            "or give none like this"
        )
    return given


def role_and_file(word: Path) -> tuple[str, Path] | None:
    """``FLAIR=a.nii`` -> ``("FLAIR", a.nii)``; None for a path, even one with = in its name."""
    role, equals, path = str(word).partition("=")
    if not equals or not path or os.sep in role or exists(word):
        return None
    return role, Path(path)


def numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"{text!r} is not a list of whole numbers such as 96,96,96") from None


def lengths(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"{text!r} is not a list of lengths such as 2.5,1.25,1.25") from None


def check_results(
    paths: Sequence[Path | None],
    case: Case,
    overwrite: bool,
    endings: Sequence[str] = (),
    *,
    keep_own: bool = False,
) -> None:
    """Check that results of ``case`` can be written to ``paths``; raises `InputError` naming one.

    ``endings`` are the allowed endings; empty: any. A label map of this program is kept if its
    name is that of an input or a truth; with ``keep_own`` all are kept. Scans and truths beside the
    files of the case are never replaced, even if they were not read.
    """
    from shaspec.io.naming import is_result, recognise
    from shaspec.io.outputs import check_output, refuse_original

    named = [path for path in paths if path is not None]
    places = [resolved(path) for path in named]
    folders = {resolved(file).parent for file in case.files.values()}
    for path, place in zip(named, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{path}: is named for two results; choose another file for one")
        role = bool(recognise(path.name, case.task)) and not is_result(path.name, case.task)
        check_output(path, case.files.values(), overwrite=True, endings=endings)
        if place.parent in folders:
            refuse_original(path, case.task, keep_own=True)
        check_output(path, (), overwrite=overwrite, keep_own=keep_own or role)
        make_folder(path.parent)


def check_named(folder: Path, stem: str, case: Case, overwrite: bool) -> None:
    """Check that no file in ``folder`` with the prefix ``stem`` would be overwritten.

    Raises `InputError` naming one.
    """
    existing = entries_of(folder) if is_folder(folder) else []
    named = [path for path in existing if path.name.startswith(stem)]
    check_results(named, case, overwrite, keep_own=True)


def report_case(console: Console, case: Case) -> None:
    absent = f"; missing: {', '.join(case.missing)}" if case.missing else ""
    console.print(f"case {escape(case.name)}: {', '.join(case.present)}{absent}")
    for notice in case.notices:
        console.print(f"[yellow]{escape(notice)}[/]")


def report_notice(console: Console) -> Callable[[str], None]:
    """What prints a notice for the user."""
    return lambda text: console.print(f"[yellow]{escape(text)}[/]")


def report_left_out(console: Console, failed: Mapping[str, str]) -> None:
    """Print which cases cannot be used and why, a line each."""
    for name, why in failed.items():
        console.print(f"[bold red]left out, cannot be used: {escape(f'{name}: {why}')}[/]")


def report_seen(console: Console, seen: Seen, case: str, model: str) -> list[str]:
    """Warn if the case, or a case of the same name, was in the training set of the model.

    Returns the sentence, if there is one.
    """
    how = {
        "by content": f"was seen in training by model {model}:",
        "by name": f"has the same name as a training case of model {model}. If it is the same one,",
    }
    if not seen:
        return []
    text = f"{case} {how[seen]} its result says nothing about accuracy on new cases."
    console.print(f"[yellow]{escape(text)}[/]")
    return [text]


def run_job(console: Console, events: Iterable[Progress | Notice | E]) -> E:
    """Show progress and notices of a job; returns its last event, which has the result."""
    from shaspec.inference.outcome import last_event

    with reporting(True, console) as report:
        return last_event(
            events,
            progress=report,
            notice=lambda text: console.print(f"[yellow]{escape(text)}[/]"),
        )


def weight_table(weights: Weights, title: str) -> Table:
    """The weight of each modality in each region; see `Prediction.modality_weights`."""
    modalities = list(next(iter(weights.values())))
    table = Table("region", title=title)
    for name in modalities:
        table.add_column(escape(name), justify="right")
    for region, row in weights.items():
        table.add_row(escape(region), *(f"{row[name]:.2f}" for name in modalities))
    return table
