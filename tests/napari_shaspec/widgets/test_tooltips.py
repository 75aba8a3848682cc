"""Every control has a tooltip."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QLineEdit,
    QSlider,
    QTabBar,
    QTableView,
    QWidget,
)

from napari_shaspec import chosen_engine
from napari_shaspec.cohort.panel import CohortPanel
from napari_shaspec.compare.panel import ComparePanel
from napari_shaspec.dates.panel import DatesPanel
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.models.import_dialog import ImportDialog
from napari_shaspec.models.panel import ModelsPanel
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.tour.panel import TourPanel
from napari_shaspec.train.panel import TrainPanel

PANELS = {
    "Segment": SegmentPanel,
    "Robustness": RobustnessPanel,
    "Compare": ComparePanel,
    "Two dates": DatesPanel,
    "Many cases": CohortPanel,
    "Features": FeaturesPanel,
    "Train": lambda _: TrainPanel(),
    "Models": ModelsPanel,
    "Guided tour": TourPanel,
    "Import": lambda _: ImportDialog(),
}
KINDS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QSlider)
OF_QT = (QDialogButtonBox, QTableView, QTabBar)
"""Their buttons (scroll, select all, OK) are Qt's own."""


def silent(panel: QWidget) -> list[str]:
    """The controls over which no tool tip comes up: where one has none, Qt asks its parents."""
    return [
        f"{type(widget).__name__} {widget.objectName()!r} in {widget.parent().objectName()!r}"
        for kind in KINDS
        for widget in panel.findChildren(kind)
        if not isinstance(widget.parent(), OF_QT) and not _told(widget, panel)
    ]


def _told(widget: QWidget, panel: QWidget) -> bool:
    while widget is not panel:
        if widget.toolTip():
            return True
        widget = widget.parentWidget()
    return False


@pytest.mark.parametrize("name", PANELS)
def test_every_control_has_a_tooltip(
    name, qtbot, viewer, engine, make_case, monkeypatch, plugin_settings
):
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    panel = PANELS[name](viewer)
    qtbot.addWidget(panel)
    add_case(viewer, make_case())
    assert len(panel.findChildren(KINDS[0])) > 1
    assert silent(panel) == []
    if hasattr(panel, "controller"):
        panel.controller.close()
