"""Several changes of the layers of a viewer at once."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def remove_layers(viewer: ViewerModel, layers: Iterable[Layer]) -> None:
    """Removes those of ``layers`` that are there.

    The panels hear of every removal and may remove further ones of these layers themselves.
    """
    for layer in list(layers):
        if layer in viewer.layers:
            viewer.layers.remove(layer)


@contextmanager
def batch(viewer: ViewerModel) -> Iterator[None]:
    """Draws the changes that are made in this block once, at its end; not to be nested.

    At the end of its own batch napari collects all garbage, which blocks the window for up to a
    second while PyTorch is loaded. It does so for OpenGL on Windows; on other systems the objects
    that are there now are left out of this collection, and freed by one of Python's own later.
    """
    spared = sys.platform != "win32" and gc.get_freeze_count() == 0
    if spared:
        gc.freeze()
    try:
        with viewer.layers.batched_update():
            yield
    finally:
        if spared:
            gc.unfreeze()
