"""The choices of the series dialog: a modality for each series of a study. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shaspec.dicom import Proposal, Study, draft, propose
from shaspec.dicom.roles import NONE
from shaspec.io.roles import UNUSED
from shaspec.task import Task


@dataclass(frozen=True)
class SeriesRow:
    """One series and the modality that the user chose."""

    proposal: Proposal
    chosen: str | None
    """A modality or `UNUSED`; None: still to be chosen."""
    settled: bool
    """Whether no question about this series is left."""

    @property
    def key(self) -> str:
        """The number of the series."""
        return self.proposal.series.key

    @property
    def name(self) -> str:
        """Number and description."""
        return f"{self.key}  {self.proposal.series.description or 'no description'}"

    @property
    def size(self) -> str:
        """Number of images, voxels in mm, and plane."""
        series = self.proposal.series
        voxel = " × ".join(f"{mm:.3g}" for mm in series.spacing if mm > 0)
        lines = (f"{series.images} images", f"{voxel} mm" if voxel else "", series.orientation)
        return "\n".join(filter(None, lines))

    @property
    def guess(self) -> str:
        """The proposed modality, or the possible ones."""
        proposal = self.proposal
        if proposal.series.problem:
            return "cannot be used"
        role_text = proposal.role or " or ".join(proposal.candidates)
        return "\n".join((f"{role_text}?" if role_text and not self.settled else role_text or "–",
                          *proposal.demerits))  # fmt: skip

    @property
    def reason(self) -> str:
        """Why this modality is proposed, or none."""
        series = self.proposal.series
        return "; ".join(filter(None, (self.proposal.reason, series.problem, *series.notices)))


class SeriesChoices:
    """The series of a study, their modalities, and whether they make up a case.

    Args:
        study: the examination.
        task: defines the modalities.
    """

    def __init__(self, study: Study, task: Task) -> None:
        self.study, self.task = study, task
        proposals = propose(study, task)
        first = draft(proposals, task)
        self.doubt = first.doubt
        """The first open question, as a sentence without its end; empty if nothing is open."""
        taken = {key: role for role, key in first.series.items()}
        missing = set(task.names) - set(first.series)
        rows = [_row(proposal, taken, missing) for proposal in proposals]
        self.rows = sorted(rows, key=lambda row: (row.settled, row.chosen == UNUSED))

    @property
    def options(self) -> dict[str, str]:
        """The roles that a series can have, with their texts."""
        return {name: name for name in self.task.names} | {UNUSED: "not used"}

    def choose(self, index: int, role: str) -> None:
        """Sets the role of the series in row ``index``."""
        self.rows[index] = replace(self.rows[index], chosen=role)

    @property
    def problem(self) -> str:
        """Why these series are not a case; empty if they are one."""
        for row in self.rows:
            if row.chosen is None:
                return f"Choose what {row.proposal.series.title} is."
            series = row.proposal.series
            if row.chosen != UNUSED and series.problem:
                return f"{series.title} cannot be used: {series.problem}."
        for role in self.task.names:
            keys = [row.key for row in self.rows if row.chosen == role]
            if len(keys) > 1:
                return f"Series {' and '.join(keys)} are both {role}: keep one."
        if all(row.chosen == UNUSED for row in self.rows):
            return f"Choose a series for at least one of {', '.join(self.task.names)}."
        return ""

    @property
    def given(self) -> dict[str, str]:
        """Modality -> number of its series, or ``none``, for `shaspec.dicom.choose`."""
        chosen = {row.chosen: row.key for row in self.rows}
        return {role: chosen.get(role, NONE) for role in self.task.names}


def _row(proposal: Proposal, taken: dict[str, str], missing: set[str]) -> SeriesRow:
    role = taken.get(proposal.series.key)
    if role is not None:
        return SeriesRow(proposal, role, settled=True)
    possible = {proposal.role, *proposal.candidates} & missing
    undecided = bool(possible) and not proposal.series.problem
    return SeriesRow(proposal, None if undecided else UNUSED, settled=not undecided)
