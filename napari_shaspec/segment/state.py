"""State of the panel *Segment*."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_shaspec.case.state import ModelState
from napari_shaspec.layers.views import View
from shaspec.prediction import Classification, Prediction

NO_TOOL, ERASER = -1, 0
"""Values of ``tool`` that are no label."""


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
    tool: int = NO_TOOL
    """The label that the brush paints, `ERASER`, or `NO_TOOL`."""
    brush_size: int = 10
    """Diameter of the brush in voxels."""
    brush_3d: bool = False
    """Whether the brush paints in the neighbouring slices too."""
    operating: bool = False
    """Whether an operation on the shown result is running."""
    can_undo_edit: bool = False
    """Whether the shown result has an edit to undo."""
    can_redo_edit: bool = False
    """Whether an edit of the shown result was undone."""
    view: View = View.STACK
    """The current view."""
    auto_update: bool = True
    """Whether a toggle segments again at once if features are kept."""

    @property
    def shown_map(self) -> Prediction | None:
        """The shown result, if it is a label map."""
        maps = (r for r in self.results if isinstance(r, Prediction))
        return next((r for r in maps if r.task.subset_name(r.subset) == self.shown), None)
