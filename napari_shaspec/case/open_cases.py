"""The open cases of a viewer: the layers of each are shown, hidden and closed together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_shaspec.layers.batch import batch, remove_layers
from napari_shaspec.layers.metadata import origin

HIDDEN = "shaspec_hidden"
"""Metadata key of a hidden layer of another case: its visibility. Read by all panels."""
MIXED = " + "
"""Separator of the names if the user combines layers of several cases."""

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class OpenCases:
    """Shows one case of a viewer at a time.

    A layer belongs to the case in its metadata; layers without one (of the user, of other plugins)
    are not changed.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer

    def names(self) -> tuple[str, ...]:
        """The cases with at least one modality or ground truth, in layer order."""
        kinds = ("modality", "truth")
        names = [_case(la) for la in self._viewer.layers if origin(la).get("kind") in kinds]
        return tuple(dict.fromkeys(filter(None, names)))

    def show(self, case: str) -> None:
        """Hides the layers of all other cases and restores those of ``case``."""
        changed = False
        for layer in list(self._viewer.layers) if case else []:
            name = _case(layer)
            if name == case and HIDDEN in layer.metadata:
                layer.visible = layer.metadata.pop(HIDDEN)
                changed = True
            elif name and name not in case.split(MIXED) and HIDDEN not in layer.metadata:
                layer.metadata[HIDDEN] = layer.visible
                layer.visible = False
                changed = True
        if changed:
            self._viewer.reset_view()

    def close(self, case: str) -> None:
        """Removes all layers of a case from the viewer."""
        with batch(self._viewer):
            # In 3D and side by side, the first removal closes the view with its layers.
            remove_layers(self._viewer, [la for la in self._viewer.layers if _case(la) == case])


def _case(layer: Layer) -> str:
    return origin(layer).get("case", "")
