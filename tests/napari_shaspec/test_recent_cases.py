"""The last cases are offered again, behind those that are open."""

from __future__ import annotations

import shutil

import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QComboBox

from napari_shaspec import recent_cases
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.settings import section


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


def names(state) -> list[str]:
    return [case.name for case in state.recent]


def test_a_closed_case_is_a_recent_one_and_opens_the_normal_way(viewer, controller, cases):
    controller.open([cases / "anna"])
    controller.open([cases / "berta"])
    assert (controller.state.cases, names(controller.state)) == (("anna", "berta"), [])
    controller.close_case("anna")
    controller.close_case("berta")
    assert names(controller.state) == ["berta", "anna"]
    controller.open_recent(controller.state.recent[1])
    assert controller.state.case == "anna"
    assert names(controller.state) == ["berta"]


def test_a_folder_that_is_gone_is_dropped_with_a_message(viewer, controller, cases):
    controller.open([cases / "anna"])
    controller.close_case("anna")
    shutil.rmtree(cases / "anna")
    controller.open_recent(controller.state.recent[0])
    assert controller.state.recent == recent_cases.recent_cases() == ()
    assert controller.state.message.level == "warning"
    assert str(cases / "anna") in controller.state.message.text


def test_the_list_is_bounded_has_no_case_twice_and_keeps_files_together(tmp_path):
    for number in range(recent_cases.MOST + 3):
        recent_cases.remember([tmp_path / str(number)])
    recent_cases.remember([tmp_path / "a.nii", tmp_path / "b.nii"])
    recent_cases.remember([tmp_path / "7"])
    found = recent_cases.recent_cases()
    assert len(found) == recent_cases.MOST
    assert [case.name for case in found[:3]] == ["7", "a.nii + 1 files", "12"]
    section("cases").recent = "[1"
    assert recent_cases.recent_cases() == ()


def test_the_picker_shows_open_cases_then_recent_ones(qtbot, viewer, controller, cases):
    panel = SegmentPanel(viewer, controller=controller)
    qtbot.addWidget(panel)
    box = panel.findChild(QComboBox, "shaspec_case")
    assert not box.isEnabled()
    for name in ("anna", "berta", "carl"):
        controller.open([cases / name])
    controller.close_case("carl")
    texts = [box.itemText(row) for row in range(box.count())]
    assert texts == ["anna", "berta", "", "Recent cases", "carl"]
    assert box.currentText() == "berta"
    box.activated.emit(3)  # the heading
    assert controller.state.case == "berta"
    box.activated.emit(4)
    assert controller.state.case == box.currentText() == "carl"
