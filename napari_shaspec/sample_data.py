"""Phantoms for *File > Open Sample > ShaSpec*."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_shaspec.jobs.waiting import alive
from napari_shaspec.layers import layer_data
from napari_shaspec.reader import prepare_current_viewer

if TYPE_CHECKING:
    from napari.types import LayerDataTuple


def phantom_case() -> list[LayerDataTuple]:
    """A head with a glioma in FLAIR, T1, T1ce and T2, with ground truth."""
    return _layers("brats")


def phantom_liver() -> list[LayerDataTuple]:
    """An abdomen with liver tumours in arterial and venous CT, with ground truth."""
    return _layers("liver-ct")


def _layers(task: str) -> list[LayerDataTuple]:
    from shaspec.phantom import DEMO_SEED, make_case

    prepare_current_viewer()
    return layer_data.case_layers(
        alive(partial(make_case, DEMO_SEED, task=task), "making a phantom")
    )
