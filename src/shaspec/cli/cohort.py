"""``shaspec cohort``: segment many cases, overnight or on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shaspec.cli.common import (
    Grid,
    Overwrite,
    PairWithin,
    Probabilities,
    escape,
    report_left_out,
    report_notice,
)
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError
from shaspec.files.reading import is_folder
from shaspec.files.writing import make_folder
from shaspec.inference.options import RunOptions
from shaspec.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shaspec.cohort.settings import Settings
    from shaspec.io import CaseFiles
    from shaspec.task import Task

SIZES, PAGE = "volumes.csv", "summary.html"
LISTS = (".csv", ".json", ".txt")


@dataclass(frozen=True)
class Share:
    """The part of the cases that a command has, and who does the work."""

    shard: str = ""
    workers: int = 1
    engine: str = "processes"


@with_run_options
def cohort(
    data: Annotated[Path, typer.Argument(help="A folder of cases, or a list of them.")],
    out: Annotated[Path, typer.Option(help="Folder for label maps, tables and manifest.")],
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    subsets: Annotated[
        str,
        typer.Option(
            help="available: from all modalities that a case has; all: from every subset of them; "
            "or a list, e.g. FLAIR+T2,T1ce"
        ),
    ] = "available",
    shard: Annotated[
        str, typer.Option(help="Segment one part of the cases, e.g. 2/8: the second of eight.")
    ] = "",
    workers: Annotated[
        int, typer.Option(min=1, help="Number of processes; each loads the model.")
    ] = 1,
    engine: Annotated[
        str,
        typer.Option(
            help="processes: on this computer; ray: on the Ray cluster of the environment variable "
            "RAY_ADDRESS, or on this computer if it is not set. Needs shaspec\\[cluster]."
        ),
    ] = "processes",
    probabilities: Probabilities = False,
    csv: Annotated[
        Path | None, typer.Option(help="CSV of the sizes; default: volumes.csv in the folder.")
    ] = None,
    run: RunOptions = RUN,
    grid: Grid = "",
    pair_within: PairWithin = None,
    overwrite: Overwrite = False,
) -> None:
    """Segment many cases, each from the modalities that it has.

    Run the same command again to resume. A case that cannot be used is left out; such cases are
    listed at the end, and the exit code is 1.
    """
    from shaspec.cohort.settings import Settings, shard_of
    from shaspec.io import find_cases
    from shaspec.models.weights import load_card

    console = Console()
    task = load_card(model).task
    cases = find_cases(
        data, task, with_labels=False, within=pair_within, notice=report_notice(console)
    )
    own_cases = shard_of(cases, shard)
    if not own_cases:
        console.print(f"shard {shard} has no case: there are fewer cases than parts")
        return
    settings = Settings(model, subsets, probabilities, grid, overwrite, **run.keywords)
    share = Share(shard, workers, engine)
    run_cohort(console, own_cases, settings, out, source=data, csv=csv, task=task, share=share)


def cases_of(
    words: Sequence[Path], task: Task, out: Path | None, notice: Callable[[str], None]
) -> list[CaseFiles]:
    """The cases of a folder or list of many; empty if the words name a single case.

    ``notice`` is called with what concerns no single case.

    A folder of one case is one of many if ``out`` is a folder.
    """
    from shaspec.io import find_cases

    if len(words) != 1 or not (is_folder(words[0]) or words[0].suffix.lower() in LISTS):
        return []
    said: list[str] = []
    try:
        cases = find_cases(words[0], task, with_labels=False, notice=said.append)
    except InputError:
        return []  # reported when it is read as a case
    wants_folder = out is not None and (is_folder(out) or not out.suffix)
    if len(cases) < 2 and not (wants_folder and is_folder(words[0])):
        return []
    if not wants_folder:
        names = ", ".join(case.name for case in cases[:4]) + (", ..." if len(cases) > 4 else "")
        raise InputError(
            f"{words[0]}: contains {len(cases)} cases ({names}); give --out DIR, a folder for the "
            "results of all, or name one case: its folder, FOLDER/NAME if files are side by "
            "side, or its files"
        )
    for text in said:
        notice(text)
    return cases


def run_cohort(
    console: Console,
    cases: Sequence[CaseFiles],
    settings: Settings,
    out: Path | None,
    *,
    source: Path,
    csv: Path | None,
    task: Task,
    share: Share | None = None,
) -> None:
    """Segment the cases into a folder and report the outcome; exit code 1 if some failed."""
    from shaspec.cohort.inputs import repeated
    from shaspec.cohort.manifest import Manifest, seen_notice
    from shaspec.cohort.page import write_page
    from shaspec.cohort.places import check_names, check_places
    from shaspec.cohort.run import segment_cohort
    from shaspec.cohort.summary import write_sizes

    assert out is not None
    make_folder(out)
    share = share or Share()
    manifest = Manifest(out, share.shard)
    part = f"-{share.shard.replace('/', 'of')}" if share.shard else ""
    table = csv or out / SIZES.replace(".", f"{part}.")
    page = out / PAGE.replace(".", f"{part}.")
    inputs = [source, *(path for case in cases for path in case.volumes.values())]
    check_names(cases)
    check_places(manifest, table, page, inputs, overwrite=settings.overwrite)
    failed: dict[str, str] = {}
    counts = {"done": 0, "skipped": 0, "failed": 0}
    with progress_bar(console) as bar:
        work = bar.add_task(f"0 of {len(cases)} cases", total=len(cases))
        for outcome in segment_cohort(cases, settings, out, **vars(share)):
            counts[outcome.status] += 1
            said = outcome.error or "; ".join(outcome.notices)
            text = f"{outcome.case}: {outcome.status}{f': {said}' if said else ''}"
            console.print(escape(text), style="red" if outcome.error else None)
            if outcome.status == "failed":
                failed[outcome.case] = outcome.error
            number = sum(counts.values())
            bar.update(work, advance=1, description=f"{number} of {len(cases)} cases")
    names = [case.name for case in cases]
    write_sizes(table, manifest, names, task)
    write_page(page, manifest, names, task)
    console.print(
        f"segmented {counts['done']}, skipped {counts['skipped']} that were done, failed "
        f"{counts['failed']}; wrote {escape(str(table))}, {escape(str(page))} and "
        f"{escape(str(manifest.path))}"
    )
    notice = report_notice(console)
    if text := seen_notice(r for r in manifest.latest().values() if r.case in names):
        notice(text)
    for name, said in repeated(manifest, names).items():
        notice(f"{name}: {said}")
    if failed:
        report_left_out(console, failed)
        raise typer.Exit(1)
