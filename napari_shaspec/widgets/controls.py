"""Controls that magicgui has made, one below the other, with their labels aligned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from magicgui.widgets import CheckBox
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget


def form_of(controls: Iterable[Any]) -> QWidget:
    """A row per control; a tick has its label beside it already."""
    form = QWidget()
    rows = QFormLayout(form)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setVerticalSpacing(4)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    for control in controls:
        rows.addRow("" if isinstance(control, CheckBox) else control.label, control.native)
    return form


def narrow(box: QComboBox) -> None:
    """A combo box that does not make the panel wider than it is."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
