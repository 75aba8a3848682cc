"""The settings in a panel are those of *Preferences*, and jobs use them."""

from __future__ import annotations

import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QToolButton

from napari_shaspec.case.assignment import collect
from napari_shaspec.case.session_cache import SessionCache
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.settings import InferenceSettings, inference_settings, section
from napari_shaspec.widgets.settings_form import RUN, SettingsForm
from shaspec.errors import InputError


@pytest.fixture
def form(qtbot, plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    form = SettingsForm()
    qtbot.addWidget(form)
    return form


def test_a_control_and_its_setting_say_the_same(form):
    assert tuple(form.controls) == RUN
    assert form.controls["device"].choices == ("auto", "cuda", "mps", "cpu")
    assert form.controls["overlap"].max == 0.75
    assert "neighbour" in form.controls["overlap"].tooltip
    form.controls["overlap"].value = 0.5
    form.controls["keep_features"].value = False
    assert inference_settings() == InferenceSettings(overlap=0.5, keep_features=False)
    section("inference").device = "cpu"
    assert form.controls["device"].value == "cpu"


def test_it_unfolds(form):
    form.show()
    control = form.controls["device"].native
    assert not control.isVisible()
    form.findChild(QToolButton, "shaspec_settings").click()
    assert control.isVisible()


def test_without_the_plugin_no_setting_is_changed(qtbot, npe2pm, plugin_settings):
    from napari.settings import _clear_plugin_settings_cache

    _clear_plugin_settings_cache()
    form = SettingsForm()
    qtbot.addWidget(form)
    assert not form.controls


@pytest.mark.slow
def test_other_settings_open_a_new_session(form, viewer, engine, task, make_case):
    case = make_case()
    add_case(viewer, case)
    parts = collect({name: viewer.layers[name] for name in task.names}, task)
    kept = SessionCache(engine)
    list(kept.job("instant", parts, lambda session: session.predict(task.names)))
    assert kept.fits("instant", parts)
    section("inference").update_when_toggled = False  # the panel's affair
    assert kept.fits("instant", parts)
    section("inference").window = "96,96,96"
    assert not kept.fits("instant", parts)


def test_settings_are_converted_to_options_of_a_session():
    assert InferenceSettings().voxels is None
    assert InferenceSettings(window="96, 96,64").voxels == (96, 96, 64)
    with pytest.raises(InputError, match="setting Window: 'big'"):
        _ = InferenceSettings(window="big").voxels
    assert InferenceSettings().keep is None
    assert InferenceSettings(memory=1.5).keep == 1_500_000_000
    assert InferenceSettings(keep_features=False, memory=1.5).keep == 0
