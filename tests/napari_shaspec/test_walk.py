"""A random walk over the actions of *Segment* and *Compare*: no traceback, no stuck state, no layer
that is not what its name says, and no painted voxel is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from npe2 import PluginManifest

from napari_shaspec import chosen_engine
from napari_shaspec.compare.controller import CompareController
from napari_shaspec.segment.controller import SegmentController
from shaspec.io import write_case
from tests.napari_shaspec.walk.engine import NAMES, Jobs, MarkingEngine
from tests.napari_shaspec.walk.steps import ACTIONS
from tests.napari_shaspec.walk.walk import Walk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Contours are not displayed during 3D:UserWarning"),
]

STEP = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 99))


@pytest.fixture
def folders(make_case, tmp_path):
    for seed, name in enumerate(NAMES):
        write_case(tmp_path / name, make_case(name, seed=seed))
    return tmp_path


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # making it smaller would take hours
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=15, max_size=40))
def test_a_random_walk_keeps_voxels_and_names(
    qapp, task, folders, no_bugs, monkeypatch, tmp_path_factory, steps
):
    viewer, own, jobs = ViewerModel(), Path(tmp_path_factory.mktemp("walk")), Jobs()
    monkeypatch.setattr(
        "napari_shaspec.user_folder.user_folder", lambda *parts: own.joinpath("user", *parts)
    )

    def panels():
        return (
            SegmentController(viewer, engine=MarkingEngine(task), run=jobs),
            CompareController(viewer, run=jobs),
        )

    walk = Walk(viewer, jobs, panels, folders, own / "user" / "edits", own)
    for action, number in (("open_case", 0), ("run", 0), ("finish", 0), *steps):
        walk.do(action, number)
    walk.end()
    assert len(viewer.mouse_drag_callbacks) <= 1


@pytest.mark.parametrize("seed", [1])
def test_a_random_walk_in_a_window(
    seed,
    make_napari_viewer,
    task,
    folders,
    no_bugs,
    monkeypatch,
    npe2pm,
    plugin_settings,
    own_user_folder,
    tmp_path,
):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    engine = MarkingEngine(task)
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    opened = []

    def panels():
        while opened:
            viewer.window.remove_dock_widget(opened.pop())
        for name in ("Segment", "Compare"):
            opened.append(viewer.window.add_plugin_dock_widget("napari-shaspec", name)[1])
        return tuple(panel.controller for panel in opened)

    walk = Walk(viewer, None, panels, folders, own_user_folder / "edits", tmp_path)
    chance = random.Random(1)
    for action in ("open_case", "run", *chance.choices(ACTIONS, k=30)):
        walk.do(action, chance.randrange(100))
    walk.end()
