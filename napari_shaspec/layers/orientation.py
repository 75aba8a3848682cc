"""Which side of the patient is at which edge of a view.

World axes of volumes are named after the side towards which their coordinate grows: ``S``, ``P``
and ``L`` for the layers of this plugin. A layer may be flipped in the world: its voxels are drawn
where they belong, so only the world counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from napari_shaspec.layers.metadata import AXES, origin

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

OPPOSITE = dict(zip("LRPAIS", "RLAPSI", strict=True))
WORLD = AXES[3]
"""The sides of the world axes of this plugin."""

Sides = tuple[str, ...]
"""Per world axis, the side of the patient towards which the coordinate grows."""
Turn = tuple[Literal["up", "down"], Literal["left", "right"]]
"""The directions on the canvas in which the coordinates of the two shown axes grow."""


class Plane(Enum):
    """A plane through a patient: the side towards which the slices are counted, the side at the
    bottom and the side at the right. Radiological convention: seen from the feet, from the front,
    and from the patient's left."""

    AXIAL = ("S", "P", "L")
    CORONAL = ("P", "I", "L")
    SAGITTAL = ("L", "I", "P")


@dataclass(frozen=True)
class Edges:
    """The side of the patient at each edge of a view."""

    top: str
    right: str
    bottom: str
    left: str


def sides_of(layers: Iterable[Layer]) -> Sides:
    """The sides of the world axes; empty if an image does not name them, or two disagree.

    Args:
        layers: the visible layers. Overlays do not count: they lie in the world of the images.
    """
    from napari.layers import Image

    sides = {_named(layer) for layer in layers if isinstance(layer, Image)}
    return sides.pop() if len(sides) == 1 else ()


def edges_of(viewer: ViewerModel) -> Edges | None:
    """The letters of a view; None in 3D and where the sides are unknown."""
    if viewer.dims.ndisplay != 2 or viewer.dims.ndim != len(WORLD):
        return None
    sides = sides_of(layer for layer in viewer.layers if layer.visible)
    if not sides:
        return None
    row, column = viewer.dims.displayed
    vertical, horizontal = viewer.scene.camera.orientation2d
    bottom = sides[row] if vertical == "down" else OPPOSITE[sides[row]]
    right = sides[column] if horizontal == "right" else OPPOSITE[sides[column]]
    return Edges(OPPOSITE[bottom], right, bottom, OPPOSITE[right])


def show_plane(viewer: ViewerModel, plane: Plane, sides: Sides) -> None:
    """Turns a view of three axes so that it shows ``plane``, upright."""
    across, bottom, right = plane.value
    row, column = _axis(bottom, sides), _axis(right, sides)
    camera = viewer.scene.camera
    turn: Turn = (
        "down" if sides[row] == bottom else "up",
        "right" if sides[column] == right else "left",
    )
    camera.orientation = (camera.orientation[0], *turn)
    viewer.dims.order = (_axis(across, sides), row, column)


def _axis(side: str, sides: Sides) -> int:
    return next(k for k, other in enumerate(sides) if other in (side, OPPOSITE[side]))


def _named(layer: Layer) -> Sides:
    """The sides by the names of the axes of a layer; empty if these do not name sides."""
    names = tuple(name.upper() for name in layer.axis_labels)
    pairs = [frozenset((name, OPPOSITE[name])) for name in names if name in OPPOSITE]
    if len(set(pairs)) == len(names) == len(WORLD):
        return names
    return WORLD if "grid" in origin(layer) and layer.ndim == len(WORLD) else ()
