"""The choices of the assignment dialog: a role for each file or channel. No Qt here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_shaspec.assign import memory
from shaspec.files.reading import resolved
from shaspec.io import CaseFiles
from shaspec.io.naming import LABELS, Certainty, common_name, stem
from shaspec.io.region_masks import masks_with
from shaspec.io.roles import UNUSED, FileRole, file_roles
from shaspec.task import Task

SHOWN = 4  # names in a sentence
Current = Mapping[tuple[Path, int | None], str]
"""File, and its channel if it is 4D -> role."""
TITLES = {LABELS: "truth", UNUSED: "not used"}


@dataclass(frozen=True)
class Row:
    """One file and the role that the user chose."""

    file: FileRole
    chosen: str | None
    """A role; None: still to be chosen."""
    recalled: memory.Remembered | None = None
    """What the user chose earlier for names like this."""

    @property
    def settled(self) -> bool:
        """Whether no question about this file is left."""
        if self.recalled is not None:
            return self.recalled.exact and not self.contradicted
        return not self.file.open

    @property
    def contradicted(self) -> bool:
        """Whether the earlier choice differs from a certain match of the name."""
        return self.recalled is not None and self.file.certainty is Certainty.CERTAIN

    @property
    def certainty(self) -> str:
        """How certain the guess is, in a word."""
        if self.recalled is None:
            return str(self.file.certainty)
        earlier = TITLES.get(self.recalled.role, self.recalled.role)
        return f"earlier: {earlier}" if self.contradicted else "remembered"

    @property
    def notice(self) -> str:
        """What to tell if the file is used without a question; empty for a certain name."""
        taken = f"used as {TITLES.get(self.chosen, self.chosen)}" if self.chosen else "left out"
        if self.recalled is not None:
            return f"{self.file.name} was {taken}: you chose this for a name like it"
        if self.chosen and self.file.certainty is Certainty.PROBABLE:
            return f"{self.file.name} was {taken}: {self.file.reason}"
        return ""

    @property
    def telling(self) -> bool:
        """Whether the choice says more than the name alone, or replaces an earlier one."""
        certain = self.file.certainty is Certainty.CERTAIN
        return self.recalled is not None or not certain or self.chosen != self.file.role


class Choices:
    """Files, their roles, and whether they make up a case.

    Args:
        source: the folder of a case, its 4D file, or its files.
        task: defines the modalities.
        current: the roles in use, for a case that is already open.
        name: the name of that case.
    """

    def __init__(
        self,
        source: Path | Sequence[Path],
        task: Task,
        current: Current | None = None,
        name: str = "",
    ) -> None:
        self._name = name
        self.task = task
        self.source = source
        self.grid = ""
        """The modality whose grid is used for the case, or ``finest``; empty: the first one."""
        files = file_roles(source, task)
        self._channels = Counter(file.path for file in files if file.channel is not None)
        rows = [self._row(file, current) for file in files]
        self.rows = sorted(rows, key=lambda row: row.settled)  # undecided files first

    def _row(self, file: FileRole, current: Current | None) -> Row:
        if current is not None:
            return Row(file, current.get((file.path.absolute(), file.channel), UNUSED))
        recalled = memory.remembered(file.path.name, self.task, self._part(file))
        if recalled is None or (recalled.role == file.role and not file.open):
            return Row(file, file.role)
        row = Row(file, recalled.role, recalled)
        return replace(row, chosen=None) if row.contradicted else row

    def _part(self, file: FileRole) -> str:
        """The channel of a 4D file, for the memory."""
        if file.channel is None:
            return ""
        return f"channel {file.channel + 1} of {self._channels[file.path]}"

    @property
    def options(self) -> list[str]:
        """The roles that a file can have."""
        labels = [LABELS] if self.task.kind == "segmentation" else []
        return [*self.task.names, *labels, UNUSED]

    @property
    def doubtful(self) -> bool:
        """Whether the user has to be asked before the case is read."""
        settled = all(row.settled for row in self.rows)
        return bool(self.rows) and not (settled and (not self.recalled or not self.problem))

    @property
    def recalled(self) -> bool:
        """Whether an earlier choice says something else than the names."""
        return any(row.recalled is not None for row in self.rows)

    @property
    def doubt(self) -> str:
        """Which files the user has to decide on, as a sentence."""
        names = [row.file.name for row in self.rows if not row.settled]
        shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        return f"It is not clear which modality this is: {shown}." if names else ""

    def choose(self, index: int, role: str) -> None:
        """Sets the role of the file in row ``index``."""
        self.rows[index] = replace(self.rows[index], chosen=role)

    @property
    def problem(self) -> str:
        """Why these files are not a case; empty if they are one."""
        for row in self.rows:
            if row.chosen is None:
                return f"Choose what {row.file.name} is."
        truth = next((row.file for row in self.rows if row.chosen == LABELS), None)
        if truth is not None and truth.channel is not None:
            return f"{truth.name}: a truth has to be a file of its own, not a channel."
        for role in self.options:
            names = [row.file.name for row in self.rows if row.chosen == role]
            if role != UNUSED and len(names) > 1:
                return f"{' and '.join(names)} are both {TITLES.get(role, role)}: keep one."
        if not any(row.chosen in self.task.names for row in self.rows):
            return f"Choose a file for at least one of {', '.join(self.task.names)}."
        if self.grid not in ("", "finest", *(row.chosen for row in self.rows)):
            return f"The voxel grid is that of {self.grid}, which is not assigned: choose another."
        return ""

    def files(self, *, asked: bool) -> CaseFiles:
        """The files of the case; ``asked``: the user has confirmed them, so nothing is noticed."""
        roles = {row.chosen: row.file for row in self.rows if row.chosen}
        volumes = {name: roles[name].path for name in self.task.names if name in roles}
        channel = {n: k for n in volumes if (k := roles[n].channel) is not None}
        notices = () if asked else tuple(filter(None, (row.notice for row in self.rows)))
        labels = roles[LABELS].path if LABELS in roles else None
        unused = [row.file.path for row in self.rows if row.chosen == UNUSED]
        masks = masks_with(labels, unused, self.task) if labels and self.task.dims == 3 else {}
        return CaseFiles(
            self._name or self._own_name(volumes),
            volumes,
            labels,
            channel=channel or None,
            notices=notices,
            masks=masks,
        )

    def remember(self) -> None:
        """Stores the choices that the names alone do not tell."""
        told = {
            (row.file.path.name, self._part(row.file)): row.chosen
            for row in self.rows
            if row.chosen is not None and row.telling
        }
        if told:
            memory.remember(told, self.task)

    def _own_name(self, volumes: dict[str, Path]) -> str:
        one = next((row.file.path for row in self.rows if row.file.channel is not None), None)
        if one is not None:
            return stem(one.name)
        if isinstance(self.source, Path):
            return resolved(self.source).name
        return common_name(list(volumes.values()), self.task)
