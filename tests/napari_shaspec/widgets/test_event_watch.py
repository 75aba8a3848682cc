"""Widgets follow napari's events as long as they live, and leave nothing behind."""

from __future__ import annotations

import ast
import gc
from pathlib import Path

import pytest
from napari.settings import get_settings
from npe2 import PluginManifest
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QWidget

import napari_shaspec
from napari_shaspec.settings import section
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.large_type import follow_growth
from napari_shaspec.widgets.settings_form import SettingsForm


def delete(widget: QWidget) -> None:
    """Qt's part of a widget is gone at once; Python's may live on."""
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def known(npe2pm, plugin_settings):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def other_theme():
    """Changes the theme, and back at the end."""
    appearance = get_settings().appearance
    before = appearance.theme

    def change() -> None:
        appearance.theme = "light" if appearance.theme == "dark" else "dark"

    yield change
    appearance.theme = before


def test_a_widget_follows_the_theme_until_it_is_deleted(qtbot, other_theme):
    seen: list[str] = []
    widget = QWidget()
    theme.follow(widget, lambda: seen.append(theme.colour("text")))
    gc.collect()
    other_theme()
    assert len(set(seen)) == 2
    callbacks = len(get_settings().appearance.events.theme.callbacks)
    delete(widget)
    other_theme()
    assert len(seen) == 2
    gc.collect()
    other_theme()
    assert len(get_settings().appearance.events.theme.callbacks) < callbacks


def test_a_form_that_qt_has_deleted_is_told_nothing(qtbot, known):
    form = SettingsForm()
    section("inference").overlap = 0.5
    assert form.controls["overlap"].value == 0.5
    delete(form)
    section("inference").overlap = 0.25  # its controls are gone: this would raise


def test_large_type_is_followed_until_the_widget_is_deleted(qtbot, known):
    factors: list[float] = []
    widget = QWidget()
    follow_growth(widget, factors.append)
    section("display").large_type = True
    delete(widget)
    section("display").large_type = False
    assert factors == [1.0, 1.7]


def test_qt_calls_no_bare_function_when_it_deletes_a_widget():
    """PyQt refers weakly to the object of a method, but keeps a function: it would run too late."""
    for path in Path(napari_shaspec.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("destroyed.connect"):
                assert isinstance(node.args[0], ast.Attribute), f"{path.name}:{node.lineno}"
