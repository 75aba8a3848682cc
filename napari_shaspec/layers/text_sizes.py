"""Sizes of the texts on the canvas: usual, or large for a lecture hall. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.settings import display_settings, section

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True)
class TextSize:
    """Both sizes of a text."""

    usual: float
    large: float

    @property
    def now(self) -> float:
        """The size that the settings ask for."""
        return self.large if display_settings().large_type else self.usual

    @property
    def other(self) -> float:
        """The size that they do not ask for."""
        return self.usual if display_settings().large_type else self.large


CAPTION = TextSize(14, 24)
NAPARI = TextSize(10, 22)
"""Size of napari's own texts: scale bar, names of layers, texts at shapes."""
LETTER = TextSize(16, 34)
"""Pixels."""


def fit_texts(viewer: ViewerModel) -> None:
    """Sets the size of captions, layer names, scale bar and lengths to that of the settings.

    A text whose size the user has set stays as it is.
    """
    overlays = viewer.canvas.overlays
    _fit(overlays.scale_bar, "font_size", NAPARI)
    if "missing" in overlays:
        _fit(overlays["missing"], "font_size", CAPTION)
    for layer in viewer.layers:
        _fit(layer.name_overlay, "font_size", NAPARI)
    for layer in of_kind(viewer, "diameters"):
        _fit(layer.text, "size", NAPARI)


class TextWatch:
    """Fits the texts of a viewer now, when the setting changes and when a layer is added.

    The settings and the viewer refer weakly to it, and it to the viewer: it ends with its owner.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))  # plugins get a proxy
        kept = section("display")
        if kept is not None:
            kept.events.large_type.connect(self.fit)
        viewer.layers.events.inserted.connect(self.fit, position="last")
        self.fit()

    def fit(self, *_: object) -> None:
        """See `fit_texts`."""
        viewer = self._viewer()
        if viewer is not None:
            fit_texts(viewer)


def _fit(text: Any, field: str, size: TextSize) -> None:
    if getattr(text, field) == size.other:
        setattr(text, field, size.now)
