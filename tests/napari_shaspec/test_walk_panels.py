"""Random walks over the actions of *Robustness*, *Features*, *Many cases* and *Train*: no
traceback, no stuck state, no layer that is not what its name says, and no painted voxel is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shaspec.io import write_case
from tests.napari_shaspec.walk.engine import NAMES
from tests.napari_shaspec.walk.panels import WALKS
from tests.tiny_models import save_tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Contours are not displayed during 3D:UserWarning"),
]

NUMBERS = st.integers(0, 99)


@pytest.fixture
def prepared(make_case, task, tmp_path):
    """A folder with cases, cases of a folder, and two tiny models."""
    for seed, name in enumerate(NAMES):
        for folder in (tmp_path, tmp_path / "cases"):
            write_case(folder / name, make_case(name, seed=seed))
    for number in range(2):
        save_tiny(tmp_path / f"model_{number}", task, window=24, seed=number)
    return tmp_path


@pytest.mark.parametrize("name", WALKS)
def test_a_random_walk_at_a_panel(
    qtbot, task, prepared, no_bugs, monkeypatch, tmp_path_factory, name
):
    @settings(
        max_examples=EXAMPLES[name],
        deadline=None,
        phases=[Phase.explicit, Phase.generate],  # making it smaller would take minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(data=st.data())
    def walk_about(data):
        own = Path(tmp_path_factory.mktemp("walk"))
        shutil.copytree(prepared, own / "in")
        monkeypatch.setattr(
            "napari_shaspec.user_folder.user_folder", lambda *parts: own.joinpath("user", *parts)
        )
        walk = WALKS[name](task, own / "in")
        steps = st.lists(
            st.tuples(st.sampled_from(walk.ACTIONS), NUMBERS), min_size=15, max_size=40
        )
        for action, number in (*walk.FIRST, *data.draw(steps)):
            walk.do(action, number)
        walk.end()

    walk_about()


EXAMPLES = {"robustness": 2, "features": 3, "cohort": 3, "train": 6}
"""Walks; outside of the tests there are more: ``python -m benchmarks.walks``."""
