"""What a user may do with napari itself at any moment, whatever panel is open."""

from __future__ import annotations

from inspect import isfunction
from typing import Any

from napari.layers import Layer

from napari_shaspec.layers.metadata import origin
from tests.napari_shaspec.fakes import SHAPE


class ViewerSteps:
    """The steps of one user at one viewer; each takes a number, from which its choices follow."""

    viewer: Any

    def hide(self, n: int) -> None:
        layer = self._any(n)
        if layer is not None:
            layer.visible = not layer.visible

    def rename(self, n: int) -> None:
        layer = self._any(n)
        if layer is not None and origin(layer).get("kind") not in ("result", "edited"):
            layer.name = f"mine {n}"

    def delete(self, n: int) -> None:
        layer = self._any(n)
        if layer is not None:
            self.viewer.layers.remove(layer)

    def clear(self, n: int) -> None:
        if n % 5 == 0:
            self.viewer.layers.clear()

    def three_d(self, _: int) -> None:
        self.viewer.dims.ndisplay = 5 - self.viewer.dims.ndisplay

    def grid(self, _: int) -> None:
        self.viewer.canvas.grid.enabled = not self.viewer.canvas.grid.enabled

    def scroll(self, n: int) -> None:
        self.viewer.dims.set_current_step(0, n % SHAPE[0])

    def _any(self, n: int) -> Layer | None:
        layers = list(self.viewer.layers)
        return layers[n % len(layers)] if layers else None


def names_of(*classes: type) -> tuple[str, ...]:
    """The names of the steps of these classes."""
    found = ((name, value) for each in classes for name, value in vars(each).items())
    return tuple(name for name, value in found if isfunction(value) and not name.startswith("_"))
