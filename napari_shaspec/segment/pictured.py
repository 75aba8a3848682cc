"""Which results the canvas shows, so that captions tell what is seen.

A result is shown or hidden in the panel, but also with the eye in napari's list of layers, and the
results of another model or of an earlier run stay there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_shaspec.jobs.turns import later
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.results import is_edited
from napari_shaspec.layers.views import View
from napari_shaspec.segment.state import SegmentState
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

KINDS = ("result", "edited", "swept")
EDITED = "edited"


class Pictured:
    """Watches the visibility of results.

    Args:
        viewer: the viewer with the layers.
        state: of the panel; ``shown`` becomes the only result that is visible.
        changed: called after every change of visibility.
        wait: calls a function when this thread is idle; the panel hides and shows one by one.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        changed: Callable[[], None],
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer, self._state, self._changed, self._wait = viewer, state, changed, wait
        self._followed: WeakSet[Layer] = WeakSet()
        self._waiting = self._closed = False
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_visible)

    def close(self) -> None:
        """Stops watching."""
        self._closed = True
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_visible)
        for layer in list(self._followed):
            layer.events.visible.disconnect(self._on_visible)
            layer.events.name.disconnect(self._on_named)

    def layers(self) -> list[Labels]:
        """The visible results, from bottom to top; in the grid and in 3D, that of the panel."""
        state = self._state
        if state.view is not View.STACK:
            return []
        return [la for la in self._viewer.layers if la.visible and origin(la).get("kind") in KINDS]

    def changes(self, layer: Labels, *, tell_model: bool = False) -> list[str]:
        """How a result was changed, and what of it is not that of the panel.

        Args:
            layer: the result.
            tell_model: name the model even if it is that of the panel.
        """
        entry, card = origin(layer), self._state.card
        facts, case = entry.get("provenance", {}), entry.get("case", "")
        thresholds = facts.get("thresholds", {}).items()
        model = facts.get("model", "")
        other = tell_model or card is None or facts.get("sha256", card.sha256) != card.sha256
        return [
            *(f"{region} > {value:.2f}" for region, value in thresholds),
            *([EDITED] if self._is_edited(layer) else []),
            *([f"model {model}"] if model and other else []),
            *([f"of {case}"] if case != self._state.case else []),
        ]

    def title(self, layer: Labels) -> str:
        """The subset of a result and its changes, e.g. ``FLAIR+T2 (edited)``; with the model if
        results of several models are visible."""
        models = {origin(la).get("provenance", {}).get("model") for la in self.layers()}
        said = ", ".join(self.changes(layer, tell_model=len(models) > 1))
        return origin(layer)["subset"] + (f" ({said})" if said else "")

    def _is_edited(self, layer: Labels) -> bool:
        if origin(layer).get("provenance", {}).get("edited"):
            return True  # in an earlier session
        if self._mine(layer):
            return origin(layer)["subset"] in self._state.edited
        kind = origin(layer).get("kind")
        return kind == "edited" or (kind in ("result", "swept") and is_edited(layer))

    def _mine(self, layer: Labels) -> bool:
        """Whether a layer shows a result in the table of the panel."""
        facts = origin(layer)
        return facts.get("kind") == "result" and any(
            isinstance(result, Prediction)
            and facts["case"] == result.case
            and facts["subset"] == result.task.subset_name(result.subset)
            and facts["provenance"].get("sha256") == result.provenance.get("sha256")
            for result in self._state.results
        )

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if origin(layer).get("kind") in KINDS and layer not in self._followed:
            self._followed.add(layer)
            layer.events.visible.connect(self._on_visible)
            layer.events.name.connect(self._on_named)
        self._changed()

    def _on_visible(self, _: Any) -> None:
        self._changed()
        if not self._waiting:
            self._waiting = True
            self._wait(self._follow)

    def _on_named(self, _: Any) -> None:
        """The layer of a sweep changes its name with its labels."""
        self._changed()

    def _follow(self) -> None:
        """Makes the only visible result that of the panel, if the panel has it."""
        self._waiting = False
        visible = [] if self._closed else self.layers()
        if len(visible) == 1 and self._mine(visible[0]):
            self._state.shown = origin(visible[0])["subset"]
