"""The controller with the real engine: an untrained network on a small head, in a worker."""

from __future__ import annotations

import shutil

import pytest
from npe2 import PluginManifest

from napari_shaspec import model_folders
from napari_shaspec.engine import LocalEngine
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from shaspec.models.card import load_card
from shaspec.phantom import make_case as make_phantom
from tests.tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory, task):
    """A model folder with random weights."""
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny-shaspec", task, window=48)


def test_segment_toggle_and_save_with_a_real_network(
    qtbot, viewer, make_case, model, tmp_path, monkeypatch
):
    monkeypatch.setattr("napari_shaspec.jobs.notifications.error", pytest.fail)
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: pytest.fail(str(error))
    )
    control = SegmentController(viewer, engine=LocalEngine())
    assert control.choose_model(model)
    add_case(viewer, make_case(present=("FLAIR", "T1", "T2")))
    control.segment()
    qtbot.waitUntil(lambda: control.state.status is Status.DONE, timeout=120_000)
    control.tick("T1", False)
    assert control.state.status.busy  # the features are kept, so it goes by itself
    qtbot.waitUntil(lambda: control.state.status is Status.DONE, timeout=120_000)
    assert [p.subset for p in control.state.results] == [("FLAIR", "T1", "T2"), ("FLAIR", "T2")]
    layer = viewer.layers["seg · FLAIR+T2"]
    provenance = layer.metadata["shaspec"]["provenance"]
    assert provenance["model"] == "tiny-shaspec"
    assert provenance["subset"] == "FLAIR+T2"
    assert control.save(tmp_path / "x_seg.nii.gz").is_file()
    control.close()


def test_weights_that_were_trained_on_in_their_folder_are_read_again(
    viewer, make_case, model, tmp_path, task, npe2pm, plugin_settings
):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    folder = tmp_path / "run"
    shutil.copytree(model, folder)
    model_folders.remember(folder)
    control = SegmentController(viewer, engine=LocalEngine(), run=run_here)
    robustness = RobustnessController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(folder)
    add_case(viewer, make_case())
    control.segment()
    (before,) = control.state.results
    save_tiny(folder, task, window=48, seed=1)
    model_folders.remember(folder)
    assert control.state.card.sha256 == load_card(folder).sha256
    assert load_card(folder) in robustness.state.cards
    assert control.state.results == ()
    control.segment()
    (after,) = control.state.results
    assert after.provenance["sha256"] == load_card(folder).sha256 != before.provenance["sha256"]
    for one in (control, robustness):
        one.close()


@pytest.mark.slow
def test_maml_segments_a_liver_without_one_phase(qtbot, viewer, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_shaspec.jobs.notifications.error", pytest.fail)
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: pytest.fail(str(error))
    )
    case = make_phantom(9_000_001, (24, 28, 38), (10, 10, 10), "liver-ct")
    liver = str(save_tiny(tmp_path / "maml", case.task, "maml", window=48))
    monkeypatch.setattr(LocalEngine, "models", lambda self: ["shaspec", liver])
    control = SegmentController(viewer, engine=LocalEngine())
    add_case(viewer, case)
    assert control.state.model == liver
    assert control.state.present == {"arterial", "venous"}
    control.tick("arterial", False)
    control.segment()
    qtbot.waitUntil(lambda: control.state.status is Status.DONE, timeout=120_000)
    (result,) = control.state.results
    assert result.subset == ("venous",)
    assert result.labels.shape == case.grid.shape
    assert viewer.layers["seg · venous"].visible
    control.close()
