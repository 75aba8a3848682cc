"""State of the panel *Train*, as evented fields, and the values of its form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from napari_shaspec.jobs.state import JobState
from napari_shaspec.train.history import LossCurve
from shaspec.training.events import Step, Validation


@dataclass(frozen=True)
class TrainForm:
    """Values of the form. The defaults train on phantoms for two minutes."""

    data: str = ""
    """Folder of labelled cases, or a list of them; empty: phantoms only."""
    phantoms: int = 4
    task: str = ""
    """Empty: the task that fits the cases, or ``brats`` without cases."""
    method: str = "shaspec"
    preset: str = "light"
    splits: str = ""
    """File that lists the held-out cases; empty: none."""
    fold: int = 0
    minutes: float = 2.0
    """0: no limit. The same for ``steps``."""
    steps: int = 0
    validate: float = 0.0
    """Minutes between two validations; 0: no validation."""
    device: str = "auto"
    out: str = ""
    more: str = ""
    """Other keys of the configuration as in its file, separated by semicolons."""


@dataclass(frozen=True)
class CaseRow:
    """One case of the data."""

    name: str
    present: frozenset[str]
    """The available modalities."""
    role: str
    """Role in the run: ``train``, ``held out``, ``unlabelled``, ``not used``."""
    problem: str = ""
    """Why the run cannot use it."""
    notice: str = ""
    """What is doubtful about it."""


@dataclass(frozen=True)
class FoundCases:
    """The result of scanning the data before a run."""

    task: str
    """Name of a bundled task, or the text of a task file for the data."""
    modalities: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    crop: tuple[int, ...] | None = None
    problems: tuple[str, ...] = ()
    """Problems that prevent the run."""
    notices: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Number of cases, in total and by role."""
        counts = dict.fromkeys(("train", "unlabelled", "held out", "not used"), 0)
        for row in self.rows:
            counts[row.role] += 1
        roles = ", ".join(f"{n} {role}" for role, n in counts.items() if n)
        return f"{len(self.rows)} cases: {roles}"

    def with_checked(
        self, name: str, present: frozenset[str], problem: str, notice: str
    ) -> FoundCases:
        """The cases after one of them was read."""
        rows = [
            replace(row, present=present, problem=problem or row.problem, notice=notice)
            if row.name == name
            else row
            for row in self.rows
        ]
        text = f"case {name}: {problem}" if problem else ""
        problems = tuple(dict.fromkeys(filter(None, (*self.problems, text))))
        return replace(self, rows=tuple(rows), problems=problems)


@dataclass(eq=False)
class TrainState(JobState):
    """Everything the panel *Train* shows."""

    form: TrainForm = TrainForm()
    cases: FoundCases | None = None
    scanning: bool = False
    """The data is being scanned."""
    resumable: bool = False
    """The run folder contains a checkpoint."""
    curve: LossCurve = field(default_factory=LossCurve)
    """Losses of the current run; grows with every ``step``."""
    step: Step | None = None
    validations: tuple[Validation, ...] = ()
    """Validations of the current run, the newest last."""
    lines: tuple[str, ...] = ()
    """Messages of the run, the newest last."""
    model: str = ""
    """Folder of the model trained last in this panel."""
