"""A trained model is added to the lists of all panels, including open ones."""

from __future__ import annotations

import pytest
from npe2 import PluginManifest

from napari_shaspec import model_folders
from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from shaspec.models.card import CARD_FILE, bundled_models


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.mark.parametrize("kind", [SegmentController, RobustnessController, FeaturesController])
def test_an_open_panel_offers_it_at_once(kind, viewer, folder):
    control = kind(viewer, engine=LocalEngine(), run=run_here)
    model_folders.remember(folder)
    assert control.state.models == (*bundled_models(), str(folder))
    if kind is RobustnessController:
        assert len(control.state.cards) == len(control.state.models)
    control.close()
    model_folders.remember(folder.parent)
    later = kind(viewer, engine=LocalEngine(), run=run_here)
    assert later.state.models == control.state.models
    later.close()


def test_a_folder_is_listed_once_as_long_as_it_exists(folder):
    notifications = []
    end = model_folders.follow(lambda: notifications.append(model_folders.folders()))
    model_folders.remember(folder)
    model_folders.remember(folder)
    assert model_folders.folders() == [str(folder)]
    assert notifications[0] == notifications[-1] == [str(folder)]
    end()
    (folder / CARD_FILE).write_text("{")
    assert model_folders.folders() == []
    assert len(notifications) == 3


def test_without_the_plugin_no_state_is_kept(npe2pm, folder):
    npe2pm.unregister("napari-shaspec")
    from napari.settings import _clear_plugin_settings_cache

    _clear_plugin_settings_cache()
    model_folders.remember(folder)
    model_folders.follow(lambda: None)()
    assert model_folders.folders() == []
