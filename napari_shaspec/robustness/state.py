"""State of the panel *Robustness*, as evented fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_shaspec.case.state import CaseState
from napari_shaspec.layers.maps import LegendEntry
from napari_shaspec.layers.metadata import origin
from shaspec.analysis.subset_table import SubsetRow, SubsetTable, subsets_of
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    from napari.layers import Labels

    from shaspec.models.card import Card, Seen


class Shown(NamedTuple):
    """A row of the tables, identified by model and subset."""

    model: str
    subset: Subset


@dataclass(eq=False)
class RobustnessState(CaseState):
    """Everything the panel *Robustness* shows."""

    cards: tuple[Card, ...] = ()
    """Cards of ``models``, in the same order."""
    chosen: tuple[str, ...] = ()
    """The selected models, a subset of ``models``."""
    seen: dict[str, Seen] = field(default_factory=dict)
    """Selected models whose training set contains this case: name -> how it was recognised."""
    truths: tuple[Labels, ...] = ()
    """Layers that can be the ground truth."""
    truth: Labels | None = None
    """The layer to compare with; None: the result of all modalities."""
    tables: tuple[SubsetTable, ...] = ()
    """One table per model for this case; they grow during a sweep."""
    shown: Shown | None = None
    """The row whose result is shown on the canvas."""
    legend: tuple[LegendEntry, ...] = ()
    """Legend of the last map."""

    @property
    def task(self) -> Task | None:
        """The task of the selected models; None: no model is selected."""
        return self.card_of[self.chosen[0]].task if self.chosen else None

    @property
    def card_of(self) -> dict[str, Card]:
        """Model -> its card."""
        return dict(zip(self.models, self.cards, strict=True))

    @property
    def subsets(self) -> list[Subset]:
        """The subsets that a sweep runs for each model."""
        return subsets_of(self.task.subset(self.present)) if self.task and self.present else []

    @property
    def own_truth(self) -> Labels | None:
        """The ground truth that was opened with the case."""
        own = (la for la in self.truths if origin(la).get("kind") == "truth" and self.case)
        return next(own, None)

    def name_of(self, model: str) -> str:
        """Name of a model in the tables: the last part of its folder, if unambiguous."""
        name = Path(model).name
        same = [other for other in self.models if Path(other).name == name]
        return name if len(same) < 2 else model

    def row(self, shown: Shown | None) -> SubsetRow | None:
        """The row of the tables; None: there is no such row."""
        tables = [table for table in self.tables if shown and table.model == shown.model]
        return tables[0].row(shown.subset) if tables and shown else None
