"""The state of the panel *Robustness*, as evented fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_shaspec.case.state import CaseState
from napari_shaspec.layers.maps import Key
from napari_shaspec.layers.metadata import origin
from shaspec.analysis.subset_table import SubsetRow, SubsetTable, subsets_of
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    from napari.layers import Labels

    from shaspec.models.card import Card, Seen


class Shown(NamedTuple):
    """A row of the table: of which model, for which subset."""

    model: str
    subset: Subset


@dataclass(eq=False)
class RobustnessState(CaseState):
    """Everything that the panel *Robustness* shows."""

    cards: tuple[Card, ...] = ()
    """Of the models, in their order."""
    chosen: tuple[str, ...] = ()
    """The models that take part, of ``models``."""
    seen: dict[str, Seen] = field(default_factory=dict)
    """How those of the chosen models know this case that were trained on it, by their names."""
    truths: tuple[Labels, ...] = ()
    """The layers that can be the ground truth."""
    truth: Labels | None = None
    """The one that results are compared with; None: with the result of all modalities."""
    tables: tuple[SubsetTable, ...] = ()
    """One per model, of this case; they grow while a sweep runs."""
    shown: Shown | None = None
    """The row whose result is on the canvas."""
    legend: tuple[Key, ...] = ()
    """The colours of the map that was made last."""

    @property
    def task(self) -> Task | None:
        """What the models segment: it is the same for all that are chosen."""
        return self.card_of[self.chosen[0]].task if self.chosen else None

    @property
    def card_of(self) -> dict[str, Card]:
        """Model -> its card."""
        return dict(zip(self.models, self.cards, strict=True))

    @property
    def subsets(self) -> list[Subset]:
        """What a sweep will run for each model."""
        return subsets_of(self.task.subset(self.present)) if self.task and self.present else []

    @property
    def own_truth(self) -> Labels | None:
        """The ground truth that was opened with the case."""
        own = (la for la in self.truths if origin(la).get("kind") == "truth" and self.case)
        return next(own, None)

    def name_of(self, model: str) -> str:
        """A model as tables show it: the last part of a folder, where that is enough."""
        name = Path(model).name
        same = [other for other in self.models if Path(other).name == name]
        return name if len(same) < 2 else model

    def row(self, what: Shown | None) -> SubsetRow | None:
        """The row of the tables, if it is there."""
        tables = [table for table in self.tables if what and table.model == what.model]
        return tables[0].row(what.subset) if tables and what else None
