"""State of the panel *Segment*."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_shaspec.case.state import ModelState
from napari_shaspec.layers.views import View
from napari_shaspec.segment.edit_file import Head
from shaspec.analysis.size_interval import Intervals
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from shaspec.measuring import Measurements
    from shaspec.preparation import DoubtfulError

BrainMaskState = Literal["none", "offered", "edited"]
NO_TOOL, ERASER = -1, 0
"""Values of ``tool`` that are not labels."""


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
    intervals: Intervals = field(default_factory=dict)
    """Region -> interval of its size in the shown result; empty without probabilities."""
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
    recoverable: tuple[tuple[Path, Head], ...] = ()
    """Files with edits of this case from earlier sessions, the oldest first."""
    unprepared: tuple[str, ...] = ()
    """What a preparation of the case would mend."""
    doubtful: DoubtfulError | None = None
    """A registration that the user has to judge."""
    pictures: tuple[Path, ...] = ()
    """To check the preparation of the case by."""
    brain_mask: BrainMaskState = "none"
    """Whether the brain mask of the case can be edited, or is being edited."""
    measured: Measurements | None = None
    """Lesions of the shown result with its edits; None: not measured."""
    measuring: bool = False
    """Whether a measurement is running."""
    opacity: float = 0.6
    """Opacity of the result layers, 0 to 1."""
    contour: bool = False
    """Whether results are drawn as outlines."""
    planes: bool = False
    """Whether three linked planes are shown."""
    letters: bool = True
    """Whether the sides of the patient are marked at the edges of the canvas."""
    windowed: str = ""
    """The modality whose intensity window is shown; empty: none."""
    window: tuple[float, float] | None = None
    """Its lower and upper intensity."""
    presets: tuple[str, ...] = ()
    """The names of the presets for it."""
    preset: str = ""
    """The preset that it has; empty: none."""
    view: View = View.STACK
    """The current view."""
    stacked: bool = True
    """Neither the grid nor 3D is on, by whichever button."""
    auto_update: bool = True
    """Whether a toggle segments again at once if features are kept."""

    @property
    def shown_map(self) -> Prediction | None:
        """The shown result, if it is a label map."""
        maps = (r for r in self.results if isinstance(r, Prediction))
        return next((r for r in maps if r.task.subset_name(r.subset) == self.shown), None)
