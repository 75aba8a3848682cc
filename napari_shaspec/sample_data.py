"""*File > Open Sample > ShaSpec*: a made-up patient, so that everybody can start at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_shaspec.layers import make
from napari_shaspec.reader import prepare_current_viewer

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

DEMO_SEED = 9_000_000
"""From here on seeds are for demonstrations; no model is trained on them."""


def phantom_case() -> list[LayerDataTuple]:
    """A head with a glioma in FLAIR, T1, T1ce and T2, with the true labels."""
    from shaspec.phantom import make_case

    prepare_current_viewer()
    return make.case_layers(make_case(DEMO_SEED))
