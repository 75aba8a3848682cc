"""What a closed window leaves of its canvas."""

from __future__ import annotations

import pytest
from psygnal import EmitLoopError, Signal

from napari_shaspec.layers.closing import window_may_be_gone


class Layer:
    changed = Signal()


@pytest.mark.parametrize(
    "text",
    [
        "wrapped C/C++ object of type CanvasBackendDesktop has been deleted",
        "Internal C++ object (CanvasBackendDesktop) already deleted.",
    ],
)
def test_a_deleted_canvas_is_not_an_error(text: str) -> None:
    def draw() -> None:
        raise RuntimeError(text)

    layer = Layer()
    layer.changed.connect(draw)
    with window_may_be_gone():
        layer.changed.emit()
    with window_may_be_gone():
        draw()


def test_other_errors_are_raised() -> None:
    def draw() -> None:
        raise RuntimeError("no such overlay")

    layer = Layer()
    layer.changed.connect(draw)
    with pytest.raises(EmitLoopError), window_may_be_gone():
        layer.changed.emit()
    with pytest.raises(RuntimeError, match="no such overlay"), window_may_be_gone():
        draw()
