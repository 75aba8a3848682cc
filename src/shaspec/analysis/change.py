"""Two dates of one patient: the change of every region, from modalities that both dates have.

A region changes with the modalities that it is segmented from. So both dates are segmented from the
same subset by the same model; what one date lacks is left out of the other, as if it had not been
acquired. Volumes are compared, so the two dates need not be registered to each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.tables import Line
from shaspec.files.tables import write_csv
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.inference.interface import AnySession
from shaspec.prediction import Prediction

OpenSession: TypeAlias = Callable[[Case], AnySession]
"""Opens a session of the model on a case."""


@dataclass(frozen=True)
class RegionChange:
    """The size of one region at two dates."""

    region: str
    """Name of the region."""
    earlier: float
    """Size at the earlier date, in mL or pixels."""
    later: float
    """Size at the later date."""

    @property
    def change(self) -> float:
        """Later minus earlier."""
        return self.later - self.earlier

    @property
    def relative(self) -> float:
        """Change as a share of the earlier size; NaN if the region was not there."""
        return self.change / self.earlier if self.earlier else math.nan


@dataclass(frozen=True, eq=False)
class Change:
    """The results of both dates, from the same modalities."""

    earlier_case: Case
    """The earlier date, with only the modalities that were used."""
    later_case: Case
    """The later date, likewise."""
    earlier: Prediction
    """Result of the earlier date."""
    later: Prediction
    """Result of the later date, from the same modalities."""
    notices: tuple[str, ...] = ()
    """What was left out of which date, and other differences between the two."""

    @property
    def rows(self) -> tuple[RegionChange, ...]:
        """A row per region, the smallest region first."""
        later = self.later.region_sizes()
        sizes = self.earlier.region_sizes()
        return tuple(RegionChange(name, size, later[name]) for name, size in sizes.items())

    @property
    def unit(self) -> str:
        """Unit of the sizes: mL or px."""
        return self.later.grid.unit


def match_dates(
    earlier: Case, later: Case, present: Iterable[str] | None = None
) -> tuple[Case, Case, tuple[str, ...]]:
    """Both dates with the modalities that both have.

    Args:
        earlier: the case of the earlier date.
        later: the case of the later date.
        present: the modalities to use; default: all that both dates have.

    Returns:
        The two cases with these modalities alone, and notices on what was left out.

    Raises:
        InputError: for cases of different tasks, if they have no modality in common, if one lacks
            a modality of ``present``, or if a volume of one is also in the other.
    """
    task = earlier.task
    if task.names != later.task.names:
        raise InputError(
            f"{earlier.name} and {later.name} are of different tasks: {', '.join(task.names)}; "
            f"{', '.join(later.task.names)}"
        )
    both = [name for name in earlier.present if name in later.present]
    if not both:
        raise InputError(
            f"{earlier.name} has {', '.join(earlier.present)}, {later.name} has "
            f"{', '.join(later.present)}: no modality was acquired at both dates"
        )
    subset = task.subset(both if present is None else present)
    for case in (earlier, later):
        case.require(subset)
    for name in subset:
        if np.array_equal(earlier.volumes[name], later.volumes[name]):
            raise InputError(
                f"{name} of {earlier.name} and of {later.name} is the same volume: give the scans "
                "of two dates"
            )
    notices = [
        f"{', '.join(left)} of {case.name} was left out, so that both dates are segmented from "
        f"{task.subset_name(subset)}."
        for case in (earlier, later)
        if (left := [name for name in case.present if name not in subset])
    ]
    matched = [case.only(subset) for case in (earlier, later)]
    spacings = [case.grid.spacing for case in matched]
    if not np.allclose(spacings[0], spacings[1], rtol=0.05):
        sizes = [" x ".join(f"{size:.3g}" for size in spacing) for spacing in spacings]
        notices.append(
            f"The voxels of the two dates differ in size ({sizes[0]} mm, then {sizes[1]} mm): "
            "part of a change can come from that."
        )
    return matched[0], matched[1], tuple(notices)


def change_job(
    open_session: OpenSession, earlier: Case, later: Case, present: Iterable[str] | None = None
) -> Iterator[Progress | Notice | Computed[Change]]:
    """Segment two dates from the same modalities and compare the sizes of the regions.

    Args:
        open_session: opens a session of the model on a case; both dates use the same model.
        earlier: the case of the earlier date.
        later: the case of the later date.
        present: the modalities to use; default: all that both dates have.

    Yields:
        Progress and notices, then a `Computed` with the `Change`.

    Raises:
        InputError: as `match_dates`, and for a model that classifies.
    """
    first, second, notices = match_dates(earlier, later, present)
    for text in notices:
        yield Notice(text)
    results = []
    for number, case in enumerate((first, second)):
        yield Progress(0, 0, f"reading {case.name}")
        session = open_session(case)
        try:
            for event in session.predict(case.present):
                if isinstance(event, Progress):
                    total = 2 * event.total
                    done = number * event.total + event.done
                    yield Progress(done, total, f"{case.name}: {event.stage}")
                elif not isinstance(event, Finished):
                    yield event
                elif isinstance(event.prediction, Prediction):
                    results.append(event.prediction)
                else:
                    raise InputError("the model names a class: regions have no size to compare")
        finally:
            session.release()
    yield Computed(Change(first, second, results[0], results[1], notices))


def write_change(path: Path, change: Change) -> Path:
    """Write the change as CSV, a row per region.

    Args:
        path: the file.
        change: of two dates.

    Returns:
        The file.

    Raises:
        InputError: if it cannot be written.
    """
    unit = change.unit.lower()
    lines: list[Line] = [
        {
            "earlier": change.earlier.case,
            "later": change.later.case,
            "subset": change.later.task.subset_name(change.later.subset),
            "region": row.region,
            f"earlier_{unit}": f"{row.earlier:.4f}",
            f"later_{unit}": f"{row.later:.4f}",
            f"change_{unit}": f"{row.change:.4f}",
            "relative_change": row.relative,
        }
        for row in change.rows
    ]
    write_csv(path, lines)
    return path
