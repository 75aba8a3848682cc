"""The state of the panel *Train*, as evented fields, and what its form says."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_shaspec.jobs.state import JobState
from napari_shaspec.train.history import LossCurve
from shaspec.training.events import Step, Validation


@dataclass(frozen=True)
class TrainForm:
    """What the user filled in. The defaults are a first try of two minutes, without data."""

    data: str = ""
    """Folder of labelled cases, or a list of them; empty: phantoms alone."""
    phantoms: int = 4
    task: str = ""
    """Empty: the one that the data fits, or else the first bundled one."""
    method: str = "shaspec"
    preset: str = "light"
    splits: str = ""
    """File of the held-out cases; empty: none are."""
    fold: int = 0
    minutes: float = 2.0
    """0: no limit; so with the steps."""
    steps: int = 0
    validate: float = 0.0
    """Minutes between two validations; 0: none."""
    device: str = "auto"
    out: str = ""
    more: str = ""
    """Other keys of the configuration as in its file, separated by semicolons."""


@dataclass(frozen=True)
class CaseRow:
    """One case that was found."""

    name: str
    present: frozenset[str]
    """Its modalities."""
    role: str
    """What becomes of it: ``train``, ``held out``, ``unlabelled``, ``not used``."""
    problem: str = ""


@dataclass(frozen=True)
class FoundCases:
    """What a look through the data found, before anything starts."""

    task: str
    """A bundled task by its name, or the text of a task file for the data."""
    modalities: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    crop: tuple[int, ...] | None = None
    problems: tuple[str, ...] = ()
    """These keep the run from starting."""
    notices: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The cases in a sentence."""
        counts = dict.fromkeys(("train", "unlabelled", "held out", "not used"), 0)
        for row in self.rows:
            counts[row.role] += 1
        said = ", ".join(f"{n} {role}" for role, n in counts.items() if n)
        return f"{len(self.rows)} cases: {said}"


@dataclass(eq=False)
class TrainState(JobState):
    """Everything that the panel *Train* shows."""

    form: TrainForm = TrainForm()
    cases: FoundCases | None = None
    looking: bool = False
    """The data is being looked through."""
    resumable: bool = False
    """The folder of the run holds a checkpoint."""
    curve: LossCurve = field(default_factory=LossCurve)
    """Of the run that goes on; it grows with every ``step``."""
    step: Step | None = None
    validations: tuple[Validation, ...] = ()
    """Of the same run, the newest last."""
    lines: tuple[str, ...] = ()
    """What happened, a sentence each, the newest last."""
    model: str = ""
    """Folder of the model that this panel has trained last."""


# -- the form and the configuration of a run -----------------------------------------------------
