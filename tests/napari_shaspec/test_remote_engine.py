"""The panels with the engine on a server: as on this computer, and without torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManifest

from napari_shaspec.dates.controller import DatesController
from napari_shaspec.engine import LocalEngine, remote_engine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.remote_engine import RemoteEngine
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.settings import InferenceSettings
from shaspec.phantom import make_case as make_phantom
from shaspec.task import load_task
from tests.serving import make_service, running
from tests.tiny_models import save_tiny

ROOT = Path(__file__).resolve().parents[2]
GONE = "http://a-token@127.0.0.1:9"
"""Where no server is."""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder with random weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny-shaspec"
    return save_tiny(folder, load_task("brats"), window=48)


@pytest.fixture(scope="module")
def server(model):
    with running(make_service([model])) as found:
        yield found


def test_segment_and_toggle_on_a_server(viewer, make_case, server, model):
    engine = RemoteEngine(server.address)
    control = SegmentController(viewer, engine=engine, run=run_here)
    assert control.state.models == ("tiny-shaspec",)
    case = make_case(present=("FLAIR", "T1", "T2"))
    add_case(viewer, case)
    control.segment()
    assert "of http://127.0.0.1:" in control.state.message.text
    control.tick("T1", False)  # the features are kept, so it goes by itself
    assert [p.subset for p in control.state.results] == [("FLAIR", "T1", "T2"), ("FLAIR", "T2")]
    local = LocalEngine().session(str(model), case, InferenceSettings(precision="float32"))
    for result in control.state.results:
        *_, event = local.predict(result.subset)
        np.testing.assert_array_equal(event.prediction.labels, result.labels)
    control.close()


def test_a_cancelled_run_leaves_the_server_free(qtbot, viewer, make_case, server):
    control = SegmentController(viewer, engine=RemoteEngine(server.address))
    add_case(viewer, make_case())
    qtbot.waitUntil(lambda: control.state.card is not None, timeout=60_000)
    control.segment()
    qtbot.waitUntil(lambda: control.state.progress.total > 0, timeout=60_000)
    control.cancel()
    qtbot.waitUntil(lambda: not control.state.status.busy, timeout=60_000)
    qtbot.waitUntil(lambda: not len(server.service.worker), timeout=10_000)
    control.close()


def test_robustness_and_features_on_a_server(viewer, make_case, server, tmp_path):
    engine = RemoteEngine(server.address)
    robustness = RobustnessController(viewer, engine=engine, run=run_here)
    features = FeaturesController(viewer, engine=engine, run=run_here)
    add_case(viewer, make_case(present=("FLAIR", "T1")))
    robustness.sweep()
    assert [len(table.rows) for table in robustness.state.tables] == [3]
    features.compute()
    assert features.state.maps is not None
    assert "shared" in features.state.maps.kinds
    features.measure()
    assert features.state.message.level != "error", features.state.message
    for control in (robustness, features):
        control.close()


def test_panels_open_without_their_server_and_say_so(viewer, notifications):
    controls = [
        kind(viewer, engine=RemoteEngine(address), run=run_here)
        for kind in (SegmentController, RobustnessController, FeaturesController, DatesController)
        for address in (GONE, "nonsense")
    ]
    for control, word in zip(controls, ["no connection", "form https://"] * 4, strict=True):
        assert word in control.state.message.text or any(word in text for text in notifications)
        assert control.state.models == ()
        assert control.state.status is Status.IDLE
        control.close()


def test_a_server_that_ends_during_the_work_is_said(viewer, make_case, model, notifications):
    with running(make_service([model])) as found:
        control = SegmentController(viewer, engine=RemoteEngine(found.address), run=run_here)
        add_case(viewer, make_case(present=("FLAIR",)))
        control.segment()
        assert len(control.state.results) == 1
    control.segment()
    assert control.state.status is Status.FAILED
    assert "no connection to server" in control.state.message.text
    assert len(control.state.results) == 1
    control.close()


def test_the_engine_is_chosen_by_the_setting_or_the_variable(plugin_settings, npe2pm, monkeypatch):
    from napari.settings import get_plugin_settings

    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    monkeypatch.delenv("SHASPEC_SERVER", raising=False)
    assert remote_engine() is None
    monkeypatch.setenv("SHASPEC_SERVER", GONE)
    assert isinstance(remote_engine(), RemoteEngine)
    monkeypatch.delenv("SHASPEC_SERVER")
    get_plugin_settings("napari-shaspec").server.address = GONE
    assert isinstance(remote_engine(), RemoteEngine)


def test_without_torch_and_without_a_server_it_is_said(viewer, make_case, monkeypatch):
    monkeypatch.setattr("napari_shaspec.engine.find_spec", lambda name: None)
    control = SegmentController(viewer, engine=LocalEngine(), run=run_here)
    add_case(viewer, make_case())
    control.segment()
    assert "name a server" in control.state.message.text
    control.close()


CLIENT = """
import os, sys
class Nothing:
    @staticmethod
    def find_spec(name, *_):
        if name.partition(".")[0] in ("torch", "lightning_fabric", "fastapi", "uvicorn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing)
from napari.components import ViewerModel
from napari_shaspec.engine import remote_engine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from shaspec.io import read_case
viewer, engine = ViewerModel(), remote_engine()
kinds = SegmentController, RobustnessController, FeaturesController
controls = [kind(viewer, engine=engine, run=run_here) for kind in kinds]
segment, robustness, features = controls
add_case(viewer, read_case(sys.argv[1], segment.state.card.task))
segment.segment()
segment.tick("T1", False)
robustness.sweep()
features.compute()
points = list(engine.cohort("tiny-shaspec", os.path.dirname(sys.argv[1]), segment._kept.settings))
print(len(segment.state.results), len(robustness.state.tables[0].rows))
print(features.state.maps.kinds, len(points[-1].value) > 0)
for control in controls:
    assert control.state.message.level != "error", control.state.message
    control.close()
"""


@pytest.mark.slow
def test_the_client_needs_no_torch(server, tmp_path):
    from shaspec.io import write_case

    case = make_phantom(9_000_001, shape=(40, 48, 44)).only(("FLAIR", "T1"))
    write_case(tmp_path / "data" / "anna", case)
    paths = os.pathsep.join(sys.path)
    environment = os.environ | {"SHASPEC_SERVER": server.address, "PYTHONPATH": paths}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENT, str(tmp_path / "data" / "anna")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[0] == "2 3"
    assert "shared" in run.stdout
    assert "True" in run.stdout
