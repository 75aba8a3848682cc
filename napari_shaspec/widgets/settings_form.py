"""Settings of one section of *Preferences*, as a collapsible form in a panel.

magicgui makes a control for each setting from its type, range, choices, title and description.
Form and *Preferences* are kept in sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from magicgui.widgets import create_widget
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget

from napari_shaspec.settings import section
from napari_shaspec.widgets.controls import form_of
from napari_shaspec.widgets.event_watch import EventWatch

RUN = ("device", "precision", "window", "overlap", "keep_features", "memory")
"""Settings of the section *inference* that affect a run."""


class SettingsForm(QWidget):
    """A collapsible row per setting in ``keys``; hidden if napari has no settings of the plugin."""

    def __init__(
        self, name: str = "inference", keys: Sequence[str] = RUN, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kept = section(name)
        self.controls = {key: _control(self._kept, key) for key in keys if self._kept is not None}
        self._rows = form_of(self.controls.values())
        self._fold = QToolButton()
        self._fold.setObjectName("shaspec_settings")
        self._fold.setText("Settings")
        self._fold.setToolTip("Settings of the network, as in File > Preferences > ShaSpec")
        self._fold.setCheckable(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.toggled.connect(self._on_toggled)
        for key, control in self.controls.items():
            control.changed.connect(lambda value, key=key: setattr(self._kept, key, value))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._fold)
        layout.addWidget(self._rows)
        self._on_toggled(False)
        if self._kept is None:
            self.hide()
        else:
            EventWatch(self, [getattr(self._kept.events, key) for key in keys], self._show)

    def _show(self) -> None:
        for key, control in self.controls.items():
            with control.changed.blocked():
                control.value = getattr(self._kept, key)

    def _on_toggled(self, on: bool) -> None:
        self._rows.setVisible(on)
        self._fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)


def _control(kept: Any, key: str) -> Any:
    """A control for one field of a pydantic model."""
    field = type(kept).model_fields[key]
    options: dict[str, Any] = {"tooltip": field.description}
    choices = (field.json_schema_extra or {}).get("enum")
    if choices:
        options["choices"] = choices
    for limit in field.metadata:
        options |= {"min": limit.ge} if hasattr(limit, "ge") else {}
        options |= {"max": limit.le} if hasattr(limit, "le") else {}
    if field.annotation is float:
        options["step"] = 0.05 if options.get("max", 1) <= 1 else 1
    spec = {"annotation": field.annotation, "name": key, "label": field.title, "options": options}
    return create_widget(value=getattr(kept, key), **spec)
