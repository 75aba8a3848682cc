"""The panel: shows the state of the controller, and passes clicks on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ctk
import qt

from ShaSpecLib.controller import Controller, Row, State, Volume
from ShaSpecLib.install import Installer, InstallError
from ShaSpecLib.parameters import DEVICES

NONE = "(none)"
NOTE = "For research and teaching. Not a medical device."


class Panel:
    """The widgets of the module.

    Args:
        controller: does the work.
        installer: installs the engine on request.
        models: names the models that can be chosen; called once the engine is there.
        ask_file: asks for a file to write; empty: the user declined.
        ask_folder: asks for a model folder.
    """

    def __init__(
        self,
        controller: Controller,
        installer: Installer,
        models: Callable[[], Sequence[str]],
        ask_file: Callable[[], str],
        ask_folder: Callable[[], str],
    ) -> None:
        self._controller, self._installer = controller, installer
        self._models, self._ask_file, self._ask_folder = models, ask_file, ask_folder
        self._rows: dict[str, tuple[Any, Any]] = {}
        self._showing = False
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        self.install_button = self._button("Install the engine…", self._install, layout)
        self.model_box = qt.QComboBox()
        self.form = qt.QFormLayout()
        self.form.addRow("Model", self.model_box)
        layout.addLayout(self.form)
        self.apply_button = self._button("Apply", controller.apply, layout)
        self.cancel_button = self._button("Cancel", controller.cancel, layout)
        self.progress = qt.QProgressBar()
        self.progress.setMaximum(100)
        layout.addWidget(self.progress)
        self.text = self._label(layout)
        self.notices = self._label(layout)
        self._more(layout)
        self._label(layout).setText(NOTE)
        layout.addStretch(1)
        self.model_box.connect("currentIndexChanged(int)", self._model_chosen)
        controller.changed = self.show
        self.start()

    def start(self) -> None:
        """List the models if the engine is there."""
        ready = self._installer.is_ready
        self.install_button.setVisible(not ready)
        self.apply_button.setVisible(ready)
        if ready:
            self._showing = True
            self.model_box.clear()
            for name in self._models():
                self.model_box.addItem(name)
            self._showing = False
            self._model_chosen()

    def show(self, state: State) -> None:
        """Make the widgets agree with ``state``."""
        self._showing = True
        if list(self._rows) != [row.modality for row in state.rows]:
            self._make_rows(state.rows)
        volumes = self._controller.world.volumes()
        for row in state.rows:
            self._show_row(row, volumes, state.busy)
        self.apply_button.setEnabled(state.can_run)
        self.cancel_button.setVisible(state.busy)
        self.progress.setVisible(state.busy)
        self.progress.setValue(round(100 * state.progress))
        self._show_model(state)
        for button in (self.subsets_button, self.report_button, self.command_button):
            button.setEnabled(state.can_run)
        self.text.setText(state.text)
        probable = (row.notice for row in state.rows if row.notice)
        said = (*state.doubts, *probable, *state.notices)
        self.notices.setText("\n".join(said))
        self.notices.setVisible(bool(said))
        self._showing = False

    def _show_model(self, state: State) -> None:
        """The model in use; a folder is added to the list."""
        if state.model and self.model_box.findText(state.model) < 0:
            self.model_box.addItem(state.model)
        self.model_box.setCurrentIndex(self.model_box.findText(state.model))
        self.model_box.setEnabled(not state.busy)
        self.folder_button.setEnabled(not state.busy)

    # -- building --------------------------------------------------------------------------------

    def _more(self, layout: Any) -> None:
        """What is needed less often, folded."""
        fold = ctk.ctkCollapsibleButton()
        fold.text = "More"
        fold.collapsed = True
        layout.addWidget(fold)
        inner = qt.QVBoxLayout(fold)
        self.subsets_button = self._button("All subsets", self._controller.all_subsets, inner)
        self.report_button = self._button("Report…", self._report, inner)
        self.command_button = self._button("Copy as command", self._copy, inner)
        self.folder_button = self._button("Model folder…", self._choose_folder, inner)
        self.surfaces = qt.QCheckBox("3D surfaces")
        self.surfaces.setChecked(self._controller.surfaces)
        self.surfaces.connect("toggled(bool)", self._surfaces_toggled)
        inner.addWidget(self.surfaces)
        self.device = qt.QComboBox()
        for name in DEVICES:
            self.device.addItem(name)
        self.device.connect("currentIndexChanged(int)", self._device_chosen)
        inner.addWidget(self.device)

    def _button(self, text: str, clicked: Callable[[], None], layout: Any) -> Any:
        button = qt.QPushButton(text)
        button.connect("clicked()", clicked)
        layout.addWidget(button)
        return button

    def _label(self, layout: Any) -> Any:
        label = qt.QLabel()
        label.setWordWrap(True)
        layout.addWidget(label)
        return label

    def _make_rows(self, rows: Sequence[Row]) -> None:
        """A tick and a choice of volume for every modality."""
        for tick, box in self._rows.values():
            self.form.removeRow(tick)  # deletes both
            del box
        self._rows = {}
        for row in rows:
            tick, box = qt.QCheckBox(row.modality), qt.QComboBox()
            tick.setToolTip("Use this modality; without the tick it counts as not acquired")
            tick.connect("toggled(bool)", lambda on, name=row.modality: self._ticked(name, on))
            box.connect("activated(int)", lambda _, name=row.modality: self._assigned(name))
            self.form.addRow(tick, box)
            self._rows[row.modality] = tick, box

    def _show_row(self, row: Row, volumes: Mapping[str, Volume], busy: bool) -> None:
        tick, box = self._rows[row.modality]
        tick.setChecked(row.used and bool(row.volume))
        tick.setEnabled(bool(row.volume) and not busy)
        box.setEnabled(not busy)
        box.clear()
        box.addItem(NONE, "")
        for node, volume in volumes.items():
            box.addItem(volume.name, node)
        box.setCurrentIndex(box.findData(row.volume))

    # -- clicks ----------------------------------------------------------------------------------

    def _install(self) -> None:
        try:
            if self._installer.install():
                self.start()
            else:
                self.text.setText("The engine is not installed.")
        except InstallError as error:
            self.text.setText(str(error))

    def _model_chosen(self, *_: object) -> None:
        if not self._showing and self.model_box.currentText:
            self._controller.choose_model(self.model_box.currentText)

    def _choose_folder(self) -> None:
        if folder := self._ask_folder():
            try:
                self._controller.choose_model(folder)
            except ValueError as error:
                self.text.setText(str(error))

    def _ticked(self, modality: str, on: bool) -> None:
        if not self._showing:
            self._controller.tick(modality, on)

    def _assigned(self, modality: str) -> None:
        if not self._showing:
            box = self._rows[modality][1]
            self._controller.assign(modality, box.itemData(box.currentIndex))

    def _surfaces_toggled(self, on: bool) -> None:
        self._controller.surfaces = on

    def _device_chosen(self, *_: object) -> None:
        self._controller.device = self.device.currentText

    def _report(self) -> None:
        if path := self._ask_file():
            self._controller.report(Path(path))

    def _copy(self) -> None:
        try:
            qt.QApplication.clipboard().setText(self._controller.command())
            self.text.setText("Command copied")
        except ValueError as error:
            self.text.setText(str(error))
