"""Dims the layers of absent modalities, and names them in a canvas text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from napari_shaspec.layers.text_sizes import CAPTION

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image


MISSING_COLOUR = "#f08c00"
MISSING_BOX = "#000000"  # background, for contrast on light themes
_SAVED = "shaspec_opacity"


def dim_absent(
    sources: Mapping[str, Image | None], present: Iterable[str], opacity: float = 0.25
) -> None:
    """Dims the layers of absent modalities, and no others.

    Args:
        sources: modality -> its layer.
        present: the modalities that are not dimmed.
        opacity: opacity of a dimmed layer.
    """
    present = set(present)
    for name, layer in sources.items():
        if layer is not None:
            undim(layer) if name in present else _dim(layer, opacity)


def name_missing(viewer: ViewerModel, missing: Iterable[str], changes: str = "") -> None:
    """Shows a canvas text such as ``without T1ce, T2``; hides it if nothing is missing.

    ``changes`` is added: how the shown result was changed, e.g. its thresholds.
    It is a separate overlay, ``viewer.canvas.overlays.missing``, so the user's text is not changed.
    """
    from napari.components.overlays import TextOverlay

    overlays = viewer.canvas.overlays
    if "missing" not in overlays:
        overlays["missing"] = TextOverlay(
            position="top_right",
            font_size=CAPTION.now,
            color=MISSING_COLOUR,
            box_color=MISSING_BOX,
            visible=False,
        )
    names = ", ".join(missing)
    text = "\n".join(filter(None, [f"without {names}" if names else "", changes]))
    overlays["missing"].text = text
    overlays["missing"].visible = bool(text)


def _dim(layer: Image, opacity: float) -> None:
    if _SAVED not in layer.metadata:
        layer.metadata[_SAVED] = layer.opacity
        layer.opacity = min(opacity, layer.opacity)
        layer.name_overlay.color = MISSING_COLOUR
        layer.name_overlay.box_color = MISSING_BOX


def undim(layer: Image) -> None:
    """Restores the opacity of a dimmed layer."""
    if _SAVED in layer.metadata:
        layer.opacity = layer.metadata.pop(_SAVED)
        layer.name_overlay.color = layer.name_overlay.box_color = None
