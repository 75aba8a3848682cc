"""Stand-ins for PythonQt and for the base classes of a scripted module.

Widgets keep what they were told, and `emit` calls what was connected to a signal.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class Widget:
    """Any widget: text, enabled, visible, signals."""

    def __init__(self, text: Any = "", *_: Any) -> None:
        self.text_ = text if isinstance(text, str) else ""
        self.enabled = self.visible = True
        self._slots: dict[str, list[Callable[..., Any]]] = {}

    def connect(self, signal: str, slot: Callable[..., Any]) -> None:
        self._slots.setdefault(signal, []).append(slot)

    def emit(self, signal: str, *values: Any) -> None:
        for slot in self._slots.get(signal, []):
            slot(*values)

    def setText(self, text: str) -> None:
        self.text_ = text

    def setEnabled(self, on: bool) -> None:
        self.enabled = on

    def setVisible(self, on: bool) -> None:
        self.visible = on

    def setToolTip(self, text: str) -> None:
        self.tip = text

    def setWordWrap(self, on: bool) -> None:
        self.wraps = on


class Button(Widget):
    def click(self) -> None:
        assert self.enabled
        assert self.visible
        self.emit("clicked()")


class CheckBox(Widget):
    checked = False

    def setChecked(self, on: bool) -> None:
        if on != self.checked:
            self.checked = on
            self.emit("toggled(bool)", on)


class ComboBox(Widget):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[tuple[str, Any]] = []
        self.currentIndex = -1

    @property
    def currentText(self) -> str:
        return self.items[self.currentIndex][0] if self.currentIndex >= 0 else ""

    def addItem(self, text: str, data: Any = None) -> None:
        self.items.append((text, data))
        if self.currentIndex < 0:
            self.setCurrentIndex(0)

    def itemData(self, index: int) -> Any:
        return self.items[index][1]

    def findData(self, data: Any) -> int:
        return next((n for n, item in enumerate(self.items) if item[1] == data), -1)

    def findText(self, text: str) -> int:
        return next((n for n, item in enumerate(self.items) if item[0] == text), -1)

    def setCurrentIndex(self, index: int) -> None:
        if index != self.currentIndex:
            self.currentIndex = index
            self.emit("currentIndexChanged(int)", index)

    def choose(self, text: str) -> None:
        """As a user does."""
        self.setCurrentIndex([item[0] for item in self.items].index(text))
        self.emit("activated(int)", self.currentIndex)

    def clear(self) -> None:
        self.items = []
        self.setCurrentIndex(-1)


class ProgressBar(Widget):
    value = 0

    def setMaximum(self, value: int) -> None:
        self.maximum = value

    def setValue(self, value: int) -> None:
        self.value = value


class Layout:
    def __init__(self, parent: Any = None) -> None:
        self.content: list[Any] = []

    def addWidget(self, widget: Any) -> None:
        self.content.append(widget)

    def addLayout(self, layout: Any) -> None:
        self.content.append(layout)

    def addRow(self, first: Any, second: Any) -> None:
        self.content.append((first, second))

    def removeRow(self, first: Any) -> None:
        self.content = [row for row in self.content if row[0] is not first]

    def addStretch(self, _: int) -> None: ...


class Clipboard:
    text_ = ""

    def setText(self, text: str) -> None:
        type(self).text_ = text


class Application:
    @staticmethod
    def clipboard() -> Clipboard:
        return Clipboard()


class ScriptedLoadableModule:
    def __init__(self, parent: Any) -> None:
        self.parent = parent


class ScriptedLoadableModuleWidget:
    def __init__(self, parent: Any = None) -> None:
        self.parent, self.layout = parent, Layout()

    def setup(self) -> None: ...


class ScriptedLoadableModuleTest: ...


class VTKObservationMixin: ...


class QProcess(Widget):
    """A process that a test speaks for."""

    FailedToStart = 0
    last: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.input, self.output, self.errors = b"", b"", b""
        type(self).last = self

    def setProcessEnvironment(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def setWorkingDirectory(self, folder: str) -> None:
        self.folder = folder

    def start(self, program: str, words: list[str]) -> None:
        self.program, self.words = program, words

    def write(self, data: bytes) -> None:
        self.input += data

    def kill(self) -> None:
        self.emit("finished(int,QProcess::ExitStatus)", 9, 1)

    def readAllStandardOutput(self) -> Any:
        data, self.output = self.output, b""
        return SimpleNamespace(data=lambda: data)

    def readAllStandardError(self) -> Any:
        data, self.errors = self.errors, b""
        return SimpleNamespace(data=lambda: data)


class QProcessEnvironment(dict[str, str]):
    @classmethod
    def systemEnvironment(cls) -> QProcessEnvironment:
        return cls()

    def insert(self, name: str, value: str) -> None:
        self[name] = value


QT: dict[str, Any] = {
    "QProcess": QProcess,
    "QProcessEnvironment": QProcessEnvironment,
    "QWidget": Widget,
    "QLabel": Widget,
    "QPushButton": Button,
    "QCheckBox": CheckBox,
    "QComboBox": ComboBox,
    "QProgressBar": ProgressBar,
    "QVBoxLayout": Layout,
    "QFormLayout": Layout,
    "QApplication": Application,
}
