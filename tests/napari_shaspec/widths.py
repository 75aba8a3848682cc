"""Whether widgets are narrow enough, whatever fonts a machine has."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication, QWidget

SAMPLE, USUAL = "Remove islands, keep largest, undo edit", 240
"""A text, and its width in pixels in DejaVu Sans of 9 points, the font of the limits in tests."""


def fits(widget: QWidget, pixels: int) -> bool:
    """Whether ``pixels`` are enough for a widget in the usual font; more for a wider font."""
    for each in (widget, *widget.findChildren(QWidget)):
        each.ensurePolished()  # a style sheet may set another font
    QApplication.processEvents()
    wider = max(1.0, widget.fontMetrics().horizontalAdvance(SAMPLE) / USUAL)
    return widget.minimumSizeHint().width() <= pixels * wider
