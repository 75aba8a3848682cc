"""State of the panel *Segment*."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_shaspec.case.state import ModelState
from napari_shaspec.layers.views import View
from shaspec.prediction import Classification, Prediction


@dataclass(eq=False)
class SegmentState(ModelState):
    """Everything that the panel *Segment* shows."""

    results: tuple[Prediction | Classification, ...] = ()
    """What was found in this case, one per subset, in the order of their first runs."""
    edited: dict[str, Prediction] = field(default_factory=dict)
    """Subset name -> its result as it was painted since."""
    shown: str = ""
    """Subset name of the result that is shown."""
    view: View = View.STACK
    """The way the case is looked at."""
    auto_update: bool = True
    """A toggle segments again at once where the features are kept."""
