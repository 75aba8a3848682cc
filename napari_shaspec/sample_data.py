"""Phantoms for *File > Open Sample > ShaSpec*."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING

from napari_shaspec.layers import layer_data
from napari_shaspec.reader import prepare_current_viewer
from shaspec.case import Case

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

REPAINT = 0.03  # seconds between two repaints of the window while a case is made


def phantom_case() -> list[LayerDataTuple]:
    """A head with a glioma in FLAIR, T1, T1ce and T2, with ground truth."""
    return _layers("brats")


def phantom_liver() -> list[LayerDataTuple]:
    """An abdomen with liver tumours in arterial and venous CT, with ground truth."""
    return _layers("liver-ct")


def _layers(task: str) -> list[LayerDataTuple]:
    from shaspec.phantom import DEMO_SEED, make_case

    prepare_current_viewer()
    return layer_data.case_layers(_alive(partial(make_case, DEMO_SEED, task=task)))


def _alive(make: Callable[[], Case]) -> Case:
    """Makes the case in a thread while the window stays responsive and shows a progress bar.

    napari needs the layers from this call, so it blocks until they are ready. Mouse and keyboard
    events wait until then, so that the viewer does not change meanwhile.
    """
    from napari import current_viewer

    if current_viewer() is None or getattr(current_viewer(), "window", None) is None:
        return make()
    from napari.utils import progress
    from qtpy.QtCore import QEventLoop
    from qtpy.QtWidgets import QApplication

    with ThreadPoolExecutor(1) as thread, progress(total=0, desc="making a phantom"):
        case = thread.submit(make)
        while not case.done():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            wait([case], timeout=REPAINT)
    return case.result()
