"""The manifest: valid, every command is there, and nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from importlib import import_module

import pytest
from npe2 import PluginManager, PluginManifest

from napari_shaspec import settings
from shaspec.io.formats.table import ENDINGS, IMG


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManager.instance().get_manifest("napari-shaspec")


def test_every_command_can_be_imported(manifest):
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_the_plugin_appears_in_the_menus_of_napari(manifest):
    contributions = manifest.contributions
    panels = [w.display_name for w in contributions.widgets]
    assert panels == [
        *("Segment", "Robustness", "Compare", "Two dates", "Features", "Many cases"),
        *("Train", "Models", "Guided tour"),
    ]
    samples = [s.display_name for s in contributions.sample_data]
    assert samples == ["Phantom glioma case", "Phantom liver CT, two phases"]
    assert contributions.readers[0].accepts_directories
    assert contributions.writers[0].filename_extensions == [".nii.gz", ".nii"]
    menus = {"napari/layers/segment", "napari/layers/measure", "napari/layers/visualize"}
    assert menus <= set(contributions.menus)


def test_the_reader_is_asked_for_every_ending_that_is_read(manifest):
    (reader,) = manifest.contributions.readers
    assert reader.filename_patterns == [*(f"*{e}" for e in (*ENDINGS, *IMG)), "*"]


def test_settings_in_the_manifest_are_those_of_the_code(manifest):
    sections = manifest.contributions.configurations
    for name, kind in (
        ("inference", settings.InferenceSettings),
        ("server", settings.ServerSettings),
        ("display", settings.DisplaySettings),
        ("models", settings.ModelSettings),
    ):
        declared = {key: value.default for key, value in sections[name].properties.items()}
        assert declared == {f.name: f.default for f in fields(kind)}


def test_settings_reach_the_code(plugin_settings, npe2pm):
    from napari.settings import get_plugin_settings

    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    assert settings.inference_settings() == settings.InferenceSettings()
    get_plugin_settings("napari-shaspec").inference.overlap = 0.5
    get_plugin_settings("napari-shaspec").display.dimmed_opacity = 0.1
    assert settings.inference_settings().overlap == 0.5
    assert settings.display_settings().dimmed_opacity == 0.1


def test_the_plugin_needs_no_torch_and_no_qt_to_be_found():
    code = (
        "import sys\n"
        "import napari_shaspec, napari_shaspec.reader, napari_shaspec.writer\n"
        "import napari_shaspec.sample_data, napari_shaspec.segment.controller\n"
        "import napari_shaspec.train.controller\n"
        "heavy = {'torch', 'PyQt6', 'PySide6', 'qtpy', 'skimage', 'monai'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
