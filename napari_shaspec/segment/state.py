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
    view: View = View.STACK
    """The current view."""
    auto_update: bool = True
    """Whether a toggle segments again at once if features are kept."""
