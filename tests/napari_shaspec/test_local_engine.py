"""The controller with the real engine: an untrained network on a small head, in a worker."""

from __future__ import annotations

import pytest

from napari_shaspec.controller import SegmentController
from napari_shaspec.engine import LocalEngine
from napari_shaspec.layers import show
from napari_shaspec.work import Status


@pytest.fixture(scope="module")
def model(tmp_path_factory, task):
    """A model folder of the light preset with random weights."""
    import torch

    from shaspec.models.card import Card
    from shaspec.models.registry import build, network_config
    from shaspec.models.weights import save_model

    torch.manual_seed(0)
    config = network_config("shaspec", "light", task)
    card = Card(
        name="untrained",
        title="Untrained",
        licence="none",
        method="shaspec",
        preset="light",
        network=config.model_dump(),
        task=task,
        window=(48, 48, 48),
        instant_toggles=True,
    )
    folder = tmp_path_factory.mktemp("models") / "untrained"
    save_model(folder, build("shaspec", config), card)
    return folder


def test_segment_toggle_and_save_with_a_real_network(
    qtbot, viewer, make_case, model, tmp_path, monkeypatch
):
    monkeypatch.setattr("napari_shaspec.notify.error", pytest.fail)
    monkeypatch.setattr("napari_shaspec.notify.bug", lambda error: pytest.fail(str(error)))
    control = SegmentController(viewer, engine=LocalEngine())
    assert control.choose_model(model)
    show.add_case(viewer, make_case(present=("FLAIR", "T1", "T2")))
    control.segment()
    qtbot.waitUntil(lambda: control.work.status is Status.DONE, timeout=120_000)
    control.tick("T1", False)
    assert control.work.status.busy  # the features are kept, so it goes by itself
    qtbot.waitUntil(lambda: control.work.status is Status.DONE, timeout=120_000)
    assert [p.subset for p in control.work.results] == [("FLAIR", "T1", "T2"), ("FLAIR", "T2")]
    layer = viewer.layers["seg · FLAIR+T2"]
    provenance = layer.metadata["shaspec"]["provenance"]
    assert provenance["model"] == "untrained"
    assert provenance["subset"] == "FLAIR+T2"
    assert control.save(tmp_path / "x_seg.nii.gz").is_file()
    control.close()
