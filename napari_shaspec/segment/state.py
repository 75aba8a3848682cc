"""State of the panel *Segment*."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_shaspec.case.state import ModelState
from napari_shaspec.layers.views import View
from shaspec.prediction import Classification, Prediction


@dataclass(eq=False)
class SegmentState(ModelState):
    """Everything the panel *Segment* shows."""

    results: tuple[Prediction | Classification, ...] = ()
    """The results of this case, one per subset, in the order of their first runs."""
    edited: dict[str, Prediction] = field(default_factory=dict)
    """Subset name -> edited result."""
    shown: str = ""
    """Subset name of the shown result."""
    can_undo: bool = False
    """Whether there is an earlier result to go back to."""
    probability: str = ""
    """The region whose probability is shown in a layer; empty: none."""
    thresholds: dict[str, float] = field(default_factory=dict)
    """Region -> threshold of the shown result as the sliders have it, without those of 0.5."""
    view: View = View.STACK
    """The current view."""
    auto_update: bool = True
    """Whether a toggle segments again at once if features are kept."""

    @property
    def shown_map(self) -> Prediction | None:
        """The shown result, if it is a label map."""
        maps = (r for r in self.results if isinstance(r, Prediction))
        return next((r for r in maps if r.task.subset_name(r.subset) == self.shown), None)
