"""The panel *Segment* on a `ViewerModel`, with jobs in worker threads."""

from __future__ import annotations

import pytest

from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel


@pytest.fixture
def panel(qtbot, viewer, engine):
    """A panel whose controller runs its jobs in napari workers."""
    panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
    qtbot.addWidget(panel)
    panel.resize(320, 620)
    panel.show()
    yield panel
    panel.controller.close()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=10_000)
