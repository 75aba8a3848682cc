"""Large type for a lecture hall: how panels become larger, and the tick that switches it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_shaspec.settings import display_settings, section
from napari_shaspec.widgets.event_watch import EventWatch

POINTS = 16
"""Size of all texts in a panel. On a wall two metres high, a capital letter is then 4 cm high."""
SHEET = f"QWidget, QTabBar::tab {{ font-size: {POINTS}pt; }}"
GROWTH = 1.7
"""Sizes in pixels that hold text grow with it."""


def growth() -> float:
    """Factor of the sizes in pixels: 1, or `GROWTH`."""
    return GROWTH if display_settings().large_type else 1.0


def follow_growth(widget: QWidget, fit: Callable[[float], None]) -> None:
    """Calls ``fit`` with the factor now and whenever it changes, as long as ``widget`` lives."""
    kept = section("display")
    if kept is not None:
        EventWatch(widget, [kept.events.large_type], lambda: fit(growth()))
    fit(growth())


def enlarge(panel: QWidget) -> None:
    """Keeps the texts of a panel in the size of the settings."""

    def restyle(factor: float) -> None:
        sheet = SHEET if factor > 1 else ""
        if panel.styleSheet() != sheet:
            panel.setStyleSheet(sheet)

    follow_growth(panel, restyle)


class FontWatch(QObject):
    """Calls ``fit`` now and whenever the font of a widget changes, as long as the widget lives."""

    def __init__(self, widget: QWidget, fit: Callable[[], None]) -> None:
        super().__init__(widget)
        self._fit = fit
        widget.installEventFilter(self)
        fit()

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """After napari's or the panel's style sheet has set another font."""
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit()
        return False


class LargeTypeBox(QCheckBox):
    """Switches the setting *Large type*; hidden if napari has no settings of the plugin."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Large type", parent)
        self.setObjectName("shaspec_large_type")
        self.setToolTip(
            "Large texts in the panels and on the canvas, for a lecture hall. Also in Layers > "
            "Visualize and in the preferences"
        )
        self._kept = section("display")
        self.setVisible(self._kept is not None)
        self.toggled.connect(self._on_toggled)
        follow_growth(self, self._show)

    def _on_toggled(self, on: bool) -> None:
        if self._kept is not None:
            self._kept.large_type = on

    def _show(self, factor: float) -> None:
        with QSignalBlocker(self):
            self.setChecked(factor > 1)
