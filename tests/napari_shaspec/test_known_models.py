"""A trained model is offered in the other panels, those that are open too."""

from __future__ import annotations

import pytest
from npe2 import PluginManifest

from napari_shaspec import known_models
from napari_shaspec.controller import SegmentController
from napari_shaspec.engine import LocalEngine
from napari_shaspec.features_controller import FeaturesController
from napari_shaspec.jobs import run_here
from napari_shaspec.robustness_controller import RobustnessController
from shaspec.models.card import CARD_FILE, bundled_models


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.mark.parametrize("kind", [SegmentController, RobustnessController, FeaturesController])
def test_an_open_panel_offers_it_at_once(kind, viewer, folder):
    control = kind(viewer, engine=LocalEngine(), run=run_here)
    known_models.remember(folder)
    assert control.work.models == (*bundled_models(), str(folder))
    if kind is RobustnessController:
        assert len(control.work.cards) == len(control.work.models)
    control.close()
    known_models.remember(folder.parent)
    later = kind(viewer, engine=LocalEngine(), run=run_here)
    assert later.work.models == control.work.models
    later.close()


def test_a_folder_is_kept_once_and_offered_while_it_is_there(folder):
    told = []
    end = known_models.follow(lambda: told.append(known_models.folders()))
    known_models.remember(folder)
    known_models.remember(folder)
    assert known_models.folders() == [str(folder)]
    assert told[0] == told[-1] == [str(folder)]
    end()
    (folder / CARD_FILE).write_text("{")
    assert known_models.folders() == []
    assert len(told) == 3


def test_without_the_plugin_nothing_is_kept(npe2pm, folder):
    npe2pm.unregister("napari-shaspec")
    from napari.settings import _clear_plugin_settings_cache

    _clear_plugin_settings_cache()
    known_models.remember(folder)
    known_models.follow(lambda: None)()
    assert known_models.folders() == []
