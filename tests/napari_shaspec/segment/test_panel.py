"""The panel *Segment* with a `ViewerModel` and jobs in worker threads."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QTableWidget,
)

from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.volume_table import VolumeTable
from napari_shaspec.widgets import theme
from shaspec.prediction import Prediction
from tests.napari_shaspec.widths import fits


def done(panel):
    return panel.controller.state.status is Status.DONE


def test_a_case_fills_the_table(panel, viewer, make_case, find):
    add_case(viewer, make_case(present=("FLAIR", "T1ce")))
    assert find(panel, "tick_FLAIR", QCheckBox).isChecked()
    assert not find(panel, "tick_T1", QCheckBox).isEnabled()
    assert find(panel, "layer_T1ce", QComboBox).currentText() == "T1ce"
    assert find(panel, "layer_T1", QComboBox).currentText() == "— none —"
    assert "anna" in find(panel, "case", QComboBox).currentText()


def test_the_button_segments_and_the_table_tells_millilitres(
    qtbot, panel, viewer, make_case, find, click
):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    table = find(panel, "volumes", QTableWidget)
    assert [table.horizontalHeaderItem(k).text() for k in (1, 2, 3)] == ["ET", "TC", "WT"]
    assert table.item(0, 0).text() == "FLAIR+T1+T1ce+T2"
    volumes = panel.controller.state.results[0].region_ml()
    assert [table.item(0, k).text() for k in (1, 2, 3)] == [
        f"{volumes[name]:.1f}" for name in ("ET", "TC", "WT")
    ]
    assert viewer.layers[-1].name == "seg · FLAIR+T1+T1ce+T2"


def test_a_region_without_a_voxel_is_not_found_rather_than_zero(qtbot, make_case):
    case, table = make_case(), VolumeTable()
    qtbot.addWidget(table)
    labels = np.full(case.grid.shape, 2, np.uint8)  # oedema alone
    table.show_results([Prediction("anna", case.task, case.grid, ("T2",), labels, {})], "T2")
    assert [table.item(0, k).text() for k in (1, 2)] == ["not found", "not found"]
    assert "does not mean absent" in table.item(0, 1).toolTip()
    assert "does not mean absent" not in table.item(0, 3).toolTip()


def test_a_click_on_a_row_shows_that_result(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    click(find(panel, "tick_T1ce"))
    qtbot.waitUntil(lambda: len(panel.controller.state.results) == 2, timeout=10_000)
    table = find(panel, "volumes", QTableWidget)
    place = table.visualItemRect(table.item(0, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert viewer.layers["seg · FLAIR+T1+T1ce+T2"].visible
    assert not viewer.layers["seg · FLAIR+T1+T2"].visible


def test_a_layer_is_assigned_by_hand(qtbot, panel, viewer, make_case, find):
    add_case(viewer, make_case(present=("FLAIR",)))
    viewer.add_image(viewer.layers["FLAIR"].data + 1, name="contrast")
    combo = find(panel, "layer_T1ce", QComboBox)
    assert [combo.itemText(k) for k in range(combo.count())] == ["— none —", "contrast", "FLAIR"]
    viewer.layers["contrast"].name = "late contrast"
    assert combo.itemText(1) == "late contrast"
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert panel.controller.state.sources["T1ce"] is viewer.layers["late contrast"]
    assert find(panel, "tick_T1ce", QCheckBox).isChecked()
    combo.activated.emit(0)
    assert not find(panel, "tick_T1ce", QCheckBox).isEnabled()


def test_the_card_tells_licence_and_toggles(panel, find):
    text = find(panel, "card", QLabel).text()
    assert "research use only" in text
    assert "instant toggles" in text
    panel.controller.choose_model("slow")
    assert "every toggle is a full run" in find(panel, "card", QLabel).text()
    assert not find(panel, "update").isEnabled()
    assert find(panel, "models", QComboBox).currentText() == "slow"


def test_a_training_case_is_called_one(panel, viewer, make_case, engine):
    engine.trained_on = ("anna",)
    panel.controller.choose_model("instant")
    add_case(viewer, make_case())
    boxes = panel.inputs.models.findChildren(QLabel, "shaspec_message")
    shown = lambda text: any(text in box.text() and box.isVisible() for box in boxes)  # noqa: E731
    assert shown("Same name as a training case")
    panel.controller.state.seen = "by content"
    assert shown("Seen in training")


def test_an_invalid_model_folder_keeps_the_previous_model(
    qtbot,
    panel,
    monkeypatch,
    tmp_path,
    notifications,
    find,
    click,
):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    click(find(panel, "open_model"))
    assert find(panel, "models", QComboBox).currentText() == "instant"
    assert "no model" in panel.message.text()


def test_the_view_buttons_change_the_view(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    for view in (View.GRID, View.THREE_D, View.STACK):
        click(find(panel, f"view_{view.value}"))
        assert panel.controller.state.view is view
        assert find(panel, f"view_{view.value}", QPushButton).isChecked()


def test_every_button_has_a_tooltip(panel, viewer, make_case):
    add_case(viewer, make_case())
    for kind in (QPushButton, QCheckBox, QComboBox):
        for widget in panel.findChildren(kind):
            assert widget.toolTip(), (kind, widget.objectName())


def test_the_panel_fits_a_small_screen(qtbot, panel, viewer, make_case, find, click):
    add_case(viewer, make_case())
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: done(panel), timeout=10_000)
    assert fits(panel, 340)
    assert panel.minimumSizeHint().height() <= 400


def test_colours_follow_the_theme(qtbot, panel, find):
    from napari.settings import get_settings

    appearance = get_settings().appearance
    before = appearance.theme
    button = find(panel, "run", QPushButton)
    try:
        sheets = set()
        for name in ("dark", "light"):
            appearance.theme = name
            assert theme.colour("current") in button.styleSheet()
            sheets.add(button.styleSheet())
        assert len(sheets) == 2
    finally:
        appearance.theme = before
