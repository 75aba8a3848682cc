"""The panel *Segment* on a `ViewerModel`, and a controller with a first result."""

from __future__ import annotations

import pytest

from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel


@pytest.fixture
def panel(viewer, engine, open_panel):
    """A panel whose controller runs its jobs in napari workers."""
    return open_panel(SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine)))


@pytest.fixture
def segmented(controller, viewer, make_case):
    """The controller, with a case of four modalities and its result."""
    add_case(viewer, make_case())
    controller.segment()
    return controller
