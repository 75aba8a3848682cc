"""The panel *Segment* on a `ViewerModel`, and a controller with a first result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_shaspec.layers.viewer import add_case
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from shaspec.io import write_case
from shaspec.io.export import write_volume
from shaspec.io.resample import resample
from shaspec.phantom import make_case as make_phantom
from shaspec.registration import Registration, Rigid
from tests.napari_shaspec.poses import POSE, REGISTER, SOUND


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


@pytest.fixture(scope="module")
def head():
    return make_phantom(9_000_004, (40, 50, 42), (4.0, 4.0, 4.0)).only(("FLAIR", "T1", "T2"))


@pytest.fixture
def acquired(head, tmp_path) -> Path:
    """A folder whose T2 was acquired in another pose."""
    folder = tmp_path / "p1"
    write_case(folder, head)
    t2 = next(path for path in folder.iterdir() if "t2" in path.name)
    moved = resample(
        head.volumes["T2"], head.grid, head.grid, order=1, fill=0, through=POSE.inverse.matrix
    )
    write_volume(t2, moved, head.grid)
    return folder


@pytest.fixture
def registered(monkeypatch) -> list[str]:
    """Registration without its work: T2 is moved, or doubtful; what was registered."""
    asked: list[str] = []

    def register(_fixed, moving, **_options):
        asked.append(Path(moving.name).name)
        found = SOUND if "t2" in asked[-1] else Registration(Rigid(), 0.2, 0.2, 0.0, 0.0)
        return replace(found, spread=9.0) if found is SOUND and "doubt" in asked else found

    monkeypatch.setattr(REGISTER, register)
    return asked
