"""Controls that panels share, and their layout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from magicgui.widgets import CheckBox
from qtpy.QtWidgets import QComboBox, QFormLayout, QPushButton, QWidget

from napari_shaspec.widgets.large_type import follow_growth


def form_of(controls: Iterable[Any]) -> QWidget:
    """A form with one row per control; check boxes have their own label."""
    form = QWidget()
    rows = QFormLayout(form)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setVerticalSpacing(4)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    for control in controls:
        rows.addRow("" if isinstance(control, CheckBox) else control.label, control.native)
    return form


def push_button(name: str, text: str, tooltip: str) -> QPushButton:
    """A button ``shaspec_<name>``."""
    button = QPushButton(text)
    button.setObjectName(f"shaspec_{name}")
    button.setToolTip(tooltip)
    return button


def narrow(box: QComboBox) -> None:
    """Keeps a combo box from widening the panel."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)


def fix_width(widget: QWidget, pixels: int) -> None:
    """Gives a widget a width in pixels, more with large type."""
    follow_growth(widget, lambda factor: widget.setFixedWidth(round(factor * pixels)))


def fix_height(widget: QWidget, pixels: int) -> None:
    """Gives a widget a height in pixels, more with large type."""
    follow_growth(widget, lambda factor: widget.setFixedHeight(round(factor * pixels)))
