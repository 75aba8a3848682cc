"""The evaluation of one model on the labelled cases of a folder, for ``shaspec evaluate``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shaspec.cli.common import escape, report_notice, report_seen
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.files.writing import check_folder, rename
from shaspec.inference.options import RunOptions
from shaspec.models.fingerprint import Repeats
from shaspec.notices import NoticeKind, of_kind, to_judge
from shaspec.progress import progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from shaspec.case import Case
    from shaspec.evaluation.protocol import GaveWay, Rules
    from shaspec.evaluation.tables import Row
    from shaspec.io import CaseFiles
    from shaspec.models.weights import Model
    from shaspec.task import Subset, Task


@dataclass(frozen=True)
class EvaluationOptions(RunOptions):
    """The data and options of an evaluation, the same for all models of a command."""

    data: Path
    """Folder of cases, or a list of cases in it."""
    chosen: set[str] | None
    """Names of the cases to evaluate; None: all."""
    subsets: str
    """Subsets as typed, separated by commas; empty: all."""
    reading: dict[str, Any]
    """Options of `shaspec.io.read_case`."""
    rules: Rules
    overwrite: bool
    within: float | None = None
    """Seconds between pictures that are paired by time; None: pictures are paired by name."""


@dataclass
class EvaluationRun:
    """One model, evaluated case by case."""

    console: Console
    name: str
    """Name of the model in tables."""
    model: Model
    options: EvaluationOptions
    folder: Path
    """For ``metrics.csv``, ``summary.csv`` and ``protocol.json``."""
    failed: dict[str, str]
    """Case that cannot be used -> reason; shared by all runs of a command."""
    passed_over: dict[str, str]
    """Case without a truth, or with none of the subsets -> which of them; shared likewise."""
    subsets: list[Subset] = field(default_factory=list)
    """The subsets to score; empty: all."""
    cases: list[CaseFiles] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Cases with the content of a training case."""
    namesakes: list[str] = field(default_factory=list)
    """Cases with only the name of a training case."""
    gave_way: list[GaveWay] = field(default_factory=list)
    notices: dict[str, list[str]] = field(default_factory=dict)
    """Scored case -> what the user has to judge about it."""
    repeats: Repeats = field(default_factory=Repeats)

    def check(self) -> None:
        """Find the cases, and see that the results can be written.

        Raises:
            InputError: if there is no case, an option does not fit the task, or a result would
                replace another file or has no place.
        """
        options, task = self.options, self.model.card.task
        options.rules.check(task)
        typed = options.subsets.split(",") if options.subsets else ()
        self.subsets = list(dict.fromkeys(map(task.parse_subset, typed)))
        self.cases, bare = labelled_cases(
            self.console, options.data, task, options.chosen, options.within
        )
        self.passed_over.update(bare)
        _check_tables(self.folder, self.cases, options)

    def write(self) -> list[Row]:
        """Evaluate all cases that `check` found; ``metrics-so-far.csv`` is rewritten after every
        case, and becomes ``metrics.csv`` at the end.

        Returns:
            The scores.

        Raises:
            InputError: if no case can be used.
        """
        from shaspec.evaluation.protocol import PROTOCOL_FILE, write_protocol
        from shaspec.evaluation.statistics import summary
        from shaspec.evaluation.tables import (
            METRICS_FILE,
            SO_FAR,
            SUMMARY_FILE,
            write_rows,
        )
        from shaspec.files.tables import write_csv

        folder, cases = self.folder, self.cases
        with progress_bar(self.console) as bar:
            work = bar.add_task(escape(self.name), total=len(cases))
            for files in cases:
                bar.update(work, description=escape(f"{self.name}: {files.name}"))
                bar.advance(work)
                case = self._read(files)
                if case is not None and self._add_scores(case, self.subsets):
                    write_rows(folder / SO_FAR, self.rows)
        if not self.rows:
            raise self._nothing_evaluated()
        rename(folder / SO_FAR, folder / METRICS_FILE)
        write_csv(folder / SUMMARY_FILE, summary(self.rows))
        used = list(dict.fromkeys(row.case for row in self.rows))
        write_protocol(folder / PROTOCOL_FILE, self._protocol(used))
        return self.rows

    def _read(self, files: CaseFiles) -> Case | None:
        """The case; None, with the reason in ``failed``, if it cannot be used."""
        from shaspec.io import read_case

        try:
            return read_case(files, self.model.card.task, **self.options.reading)
        except (InputError, OutOfMemoryError) as error:
            self.failed[files.name] = str(error)
            self.console.print(f"[yellow]{escape(f'{files.name} is left out: {error}')}[/]")
            return None

    def _add_scores(self, case: Case, subsets: Sequence[Subset]) -> bool:
        """Score a case; False, with the reason in ``failed``, if it cannot be segmented."""
        from shaspec.evaluation.protocol import evaluate_case

        console, options = self.console, self.options
        said = [*case.notices, *filter(None, [self.repeats.notice(case)])]
        console.print(f"{escape(case.name)}: {escape('; '.join(said))}")
        how = self.model.card.seen(case)
        report_seen(console, how, case.name, self.name)
        self.seen += [case.name] if how == "by content" else []
        self.namesakes += [case.name] if how == "by name" else []
        try:
            scores = list(
                evaluate_case(
                    self.model,
                    case,
                    subsets,
                    rules=options.rules,
                    gave_way=self._gave_way,
                    **options.keywords,
                )
            )
        except (InputError, OutOfMemoryError) as error:
            self.failed[case.name] = str(error)
            return False
        if not scores:
            missing = ", ".join(case.missing)
            self.passed_over[case.name] = f"has none of {options.subsets}: it lacks {missing}"
            return False
        self.rows += scores
        if doubts := to_judge(said):
            self.notices[case.name] = list(doubts)
        return True

    def _gave_way(self, way: GaveWay) -> None:
        self.console.print(f"[yellow]{escape(f'{way.case}, {way.subset}: {way.text}')}[/]")
        self.gave_way.append(way)

    def _nothing_evaluated(self) -> InputError:
        data = self.options.data
        if not self.failed:
            return InputError(f"none of the cases in {data} has one of {self.options.subsets}")
        reasons = "; ".join(
            f"{name}: {reason}" for name, reason in (self.failed | self.passed_over).items()
        )
        return InputError(f"none of the cases in {data} can be used: {reasons}")

    def _protocol(self, cases: Sequence[str]) -> dict[str, Any]:
        """Content of ``protocol.json``."""
        from shaspec.evaluation.protocol import protocol
        from shaspec.inference.memory import choose_device
        from shaspec.inference.precision import choose_precision, precision_name

        options, device = self.options, choose_device(self.options.device)
        dtype = choose_precision(options.precision, device, self.model.card.task.dims)
        return protocol(
            self.model,
            options.rules,
            cases,
            self.seen,
            list(dict.fromkeys(row.subset for row in self.rows)),
            window=list(options.window or self.model.card.window),
            overlap=options.overlap,
            device=str(device),
            precision=precision_name(dtype),
            gave_way=[asdict(way) for way in self.gave_way],
            same_name_in_training=self.namesakes,
            left_out=self.failed,
            not_evaluated=self.passed_over,
            notices=self.notices,
            command=shlex.join(["shaspec", *sys.argv[1:]]),
        )


def labelled_cases(
    console: Console,
    data: Path,
    task: Task,
    chosen: set[str] | None,
    within: float | None = None,
) -> tuple[list[CaseFiles], dict[str, str]]:
    """The labelled cases of a folder, only ``chosen`` ones; prints which have no labels.

    Cases whose files are doubtful are among them, since their labels may be what is doubtful.

    Returns:
        The cases, and why the others have no labels, by their names.

    Raises:
        InputError: if there are none, or a chosen case is missing.
    """
    from shaspec.io import find_cases

    cases = find_cases(data, task, within=within, notice=report_notice(console))
    usable = [case for case in cases if case.labels is not None or case.problems]
    missing = sorted((chosen or set()) - {case.name for case in usable})
    if missing:
        more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
        raise InputError(
            f"--splits names {', '.join(missing[:4])}{more}, but {data} has no such labelled case"
        )
    usable = [case for case in usable if chosen is None or case.name in chosen]
    why = {
        case.name: next(iter(of_kind(case.notices, NoticeKind.LABELS_UNUSED)), "")
        for case in cases
        if (chosen is None or case.name in chosen) and case.labels is None and not case.problems
    }
    named = [f"{name} ({reason})" if reason else name for name, reason in why.items()]
    if not any(case.labels for case in usable):
        told = [f"{case.name}: {case.problems[0]}" for case in usable]
        told += named if any(why.values()) else []
        said = f" ({'; '.join(told)})" if told else ""
        raise InputError(f"{data} has no labelled case to evaluate on{said}")
    if named:
        console.print(f"[yellow]no label file, so not evaluated: {escape(', '.join(named))}[/]")
    return usable, {name: reason or "no label file" for name, reason in why.items()}


def _check_tables(folder: Path, cases: Sequence[CaseFiles], options: EvaluationOptions) -> None:
    """Raise `InputError` if a table exists, or would replace a file of a case."""
    from shaspec.evaluation.protocol import PROTOCOL_FILE
    from shaspec.evaluation.results import result_files
    from shaspec.evaluation.tables import METRICS_FILE, SO_FAR, SUMMARY_FILE
    from shaspec.io.outputs import check_output

    check_folder(folder, (SO_FAR, *result_files()))
    inputs = [p for case in cases for p in (*case.volumes.values(), case.labels) if p]
    inputs.append(options.data)
    for table in (METRICS_FILE, SUMMARY_FILE, PROTOCOL_FILE):
        check_output(folder / table, inputs, overwrite=options.overwrite)
