"""Places of layers that others made, in millimetres."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_shaspec.layers.metadata import place_of, transform_of


@pytest.mark.parametrize(
    ("unit", "per_mm"), [("mm", 1), ("um", 1000), ("cm", 0.1), ("m", 0.001), ("pixel", 1)]
)
def test_units_of_length_become_mm(unit: str, per_mm: float) -> None:
    scale, translate = np.array([2.0, 1.5, 1.0]), np.array([10.0, -20.0, 30.0])
    layer = Image(
        np.zeros((4, 5, 6)), scale=scale * per_mm, translate=translate * per_mm, units=(unit,) * 3
    )
    place = place_of(layer.data.shape, transform_of(layer))
    assert place is not None
    np.testing.assert_allclose(place.grid.spacing, scale)
    np.testing.assert_allclose(place.grid.origin, translate)


def test_pictures_stay_in_pixels() -> None:
    layer = Image(np.zeros((4, 5)), scale=(0.3, 0.3), units=("um", "um"))
    place = place_of(layer.data.shape, transform_of(layer))
    assert place is not None
    assert place.grid.spacing == (0.3, 0.3)
