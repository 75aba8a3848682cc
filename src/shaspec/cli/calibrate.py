"""``shaspec calibrate``: temperatures of the probabilities, from held-out cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import Fold, Overwrite, Splits, Subsets, escape, report_left_out
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.inference.options import RunOptions

if TYPE_CHECKING:
    from shaspec.evaluation.calibration import Counts
    from shaspec.evaluation.calibration_run import Counted
    from shaspec.io import CaseFiles
    from shaspec.models.calibration import Calibration
    from shaspec.models.card import Card
    from shaspec.models.weights import Model
    from shaspec.task import Subset

DIAGRAM = "reliability"


@with_run_options
def calibrate(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    data: Annotated[Path, typer.Option(help="A folder of labelled cases, or a list in it.")],
    out: Annotated[Path, typer.Option(help="Folder for calibration.json, table and diagram.")],
    splits: Splits = None,
    fold: Fold = None,
    subsets: Subsets = "",
    pool: Annotated[
        list[Path] | None,
        typer.Option(help="Results of other folds, counted too; give several."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the temperatures into the card of MODEL.")
    ] = False,
    allow_seen: Annotated[
        bool, typer.Option("--allow-seen", help="Also use cases that MODEL was trained on.")
    ] = False,
    run: RunOptions = RUN,
    overwrite: Overwrite = False,
) -> None:
    """Fit a temperature per region, so that probabilities equal frequencies on held-out cases.

    Label maps stay the same. Writes calibration.json, calibration.csv and reliability.png/.svg.
    """
    from shaspec.evaluation.calibration_run import COUNTS_FILE, read_counts, without_temperature
    from shaspec.files.writing import check_folder
    from shaspec.io.outputs import check_output
    from shaspec.models.weights import load_model

    console = Console()
    others = [read_counts(path) for path in pool or ()]
    loaded = without_temperature(load_model(model))
    task = loaded.card.task
    typed = subsets.split(",") if subsets else ()
    chosen = list(dict.fromkeys(map(task.parse_subset, typed)))
    files = _cases(console, loaded.card, data, splits, fold)
    if write:
        _check_bundled(model)
    check_folder(out, _names())
    check_output(out / COUNTS_FILE, pool or (), overwrite=overwrite)
    counting = _Counting(console, loaded, chosen, run, allow_seen)
    counted = counting.count(files).with_others(others)
    calibration = counted.calibration()
    _report(console, out, loaded.card.name, counted, calibration)
    if write:
        from shaspec.models.weights import write_calibration

        write_calibration(Path(model), calibration)
        console.print(f"wrote the temperatures into the card of {escape(model)}")
    if counting.failed:
        report_left_out(console, counting.failed)
        raise typer.Exit(1)


def _names() -> tuple[str, ...]:
    """The files that are written."""
    from shaspec.evaluation.calibration_run import COUNTS_FILE, TABLE_FILE
    from shaspec.evaluation.figures import figure_files

    return (COUNTS_FILE, TABLE_FILE, *figure_files(DIAGRAM))


def _check_bundled(model: str) -> None:
    from shaspec.models.card import bundled_models

    if model in bundled_models():
        raise InputError(
            f"--write: {model} is part of the package; give a model folder of your own"
        )


def _cases(
    console: Console, card: Card, data: Path, splits: Path | None, fold: int | None
) -> list[CaseFiles]:
    from shaspec.cli.evaluation_run import labelled_cases
    from shaspec.io.splits import fold_cases

    chosen = None if splits is None else fold_cases(splits, fold)
    return labelled_cases(console, data, card.task, chosen)[0]


@dataclass
class _Counting:
    """Counts the voxels of cases, one after the other."""

    console: Console
    model: Model
    subsets: list[Subset]
    options: RunOptions
    allow_seen: bool
    failed: dict[str, str] = field(default_factory=dict)
    """Case that cannot be used -> reason."""
    seen: list[str] = field(default_factory=list)
    """Cases that the model was trained on, or that are called like one."""

    def count(self, cases: list[CaseFiles]) -> Counted:
        """Count all cases; raises `InputError` if none can be used, or one was seen in training."""
        from shaspec.evaluation.calibration import merged
        from shaspec.evaluation.calibration_run import Counted
        from shaspec.progress import progress_bar

        card = self.model.card
        collected: dict[str, list[Counts]] = {}
        with progress_bar(self.console) as bar:
            work = bar.add_task(escape(card.name), total=len(cases))
            for files in cases:
                bar.update(work, description=escape(files.name))
                collected[files.name] = self._of_case(files)
                bar.advance(work)
        collected = {name: counts for name, counts in collected.items() if counts}
        if not collected:
            reasons = "; ".join(f"{name}: {why}" for name, why in self.failed.items())
            raise InputError(f"no case can be used: {reasons or 'none has one of the subsets'}")
        counts = merged([one for counts in collected.values() for one in counts])
        seen = tuple(name for name in collected if name in self.seen)
        return Counted(card.task.name, counts, tuple(collected), seen, (card.sha256,))

    def _of_case(self, files: CaseFiles) -> list[Counts]:
        """Counts of one case; none, with the reason in ``failed``, if it cannot be used."""
        from shaspec.evaluation.calibration_run import count_case
        from shaspec.io import read_case

        try:
            case = read_case(files, self.model.card.task)
        except (InputError, OutOfMemoryError) as error:
            self.failed[files.name] = str(error)
            return []
        if self.model.card.seen(case):
            self.seen.append(files.name)
            if not self.allow_seen:
                raise InputError(
                    f"{files.name} is a training case of model {self.model.card.name}, or has the "
                    "name of one: on such cases a network errs less than on new ones. Choose "
                    "held-out cases with --splits and --fold, or use it all the same with "
                    "--allow-seen; the card will say so"
                )
        try:
            return list(count_case(self.model, case, self.subsets, **self.options.keywords))
        except OutOfMemoryError as error:
            self.failed[files.name] = str(error)
            return []


def _report(
    console: Console, out: Path, model: str, counted: Counted, calibration: Calibration
) -> None:
    """Write the results, and print a line per region."""
    from shaspec.evaluation.calibration_run import COUNTS_FILE, TABLE_FILE, table, write_counts
    from shaspec.evaluation.figures import save_figure
    from shaspec.evaluation.reliability_figure import reliability_figure
    from shaspec.files.tables import write_csv

    write_counts(out / COUNTS_FILE, counted)
    write_csv(out / TABLE_FILE, table(counted, calibration))
    kind = "held-out" if calibration.held_out else "training"
    number = f"{len(calibration.cases)} {kind} case{'s' * (len(calibration.cases) != 1)}"
    figure = reliability_figure(counted.counts, calibration.temperature, f"{model}, {number}")
    save_figure(figure, out / DIAGRAM)
    shown = Table("region", "temperature", "error before", "error after", title=number)
    for name, value in calibration.temperature.items():
        errors = (calibration.error_before[name], calibration.error_after[name])
        shown.add_row(escape(name), f"{value:.3f}", *(f"{100 * e:.1f} %" for e in errors))
    console.print(shown)
    console.print(f"wrote {escape(str(out / COUNTS_FILE))}, {TABLE_FILE} and reliability.png")
