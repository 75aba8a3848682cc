"""napari with one panel of the plugin, and the pictures that are taken of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

MARGIN = 8  # pixels below the last control of a panel
PATIENCE = 900  # seconds that a job may take


@dataclass(frozen=True)
class Scene:
    """napari with one of the panels, and where pictures go."""

    viewer: napari.Viewer
    panel: Any
    out: Path

    def finish(self) -> None:
        """Lets the window live until the job is over; raises if it failed."""
        from napari_shaspec.jobs.state import Status

        state, end = self.panel.controller.state, time.monotonic() + PATIENCE
        while state.status.busy and time.monotonic() < end:
            settle(0, pause=0.25)  # seldom: without a graphics card every repaint is dear
        if state.status is not Status.DONE:
            raise RuntimeError(f"{state.status}: {state.message.text}")

    def wait(self, done: Callable[[], bool]) -> None:
        """Lets the window live until something is so."""
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise RuntimeError("it does not come")
            settle(0, pause=0.05)

    def canvas(self, name: str) -> None:
        """A picture of the canvas."""
        settle()
        save(self.viewer.screenshot(canvas_only=True, flash=False), self.out / name)

    def window(self, name: str) -> None:
        """A picture of the whole window."""
        settle()
        save(self.viewer.screenshot(canvas_only=False, flash=False), self.out / name)

    def controls(self, name: str) -> None:
        """A picture of the panel, as high as what is in it."""
        from qtpy.QtWidgets import QScrollArea

        settle()
        inner = self.panel.findChild(QScrollArea).widget()
        self.part(inner, name, height=inner.childrenRect().bottom() + MARGIN)

    def part(self, widget: QWidget, name: str, height: int | None = None) -> None:
        """A picture of one control."""
        from qtpy.QtCore import QRect

        settle()
        shown = QRect(0, 0, widget.width(), height or widget.height())
        widget.grab(shown).save(str(self.out / name))

    def scroll_to(self, control: str) -> None:
        """Scrolls the panel until a control is seen as a whole."""
        from qtpy.QtWidgets import QScrollArea, QWidget

        settle()
        widget = self.panel.findChild(QWidget, f"shaspec_{control}")
        self.panel.findChild(QScrollArea).ensureWidgetVisible(widget, 0, 80)

    def press(self, button: str) -> None:
        """Presses a button of the panel, and waits for what it begins."""
        from qtpy.QtWidgets import QPushButton

        self.panel.findChild(QPushButton, f"shaspec_{button}").click()
        self.finish()


def settle(seconds: float = 0.4, pause: float = 0.02) -> None:
    """Gives Qt and OpenGL time to draw; looks at the clock after every ``pause``."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        time.sleep(pause)
        if time.monotonic() >= end:
            return


def save(picture: np.ndarray, path: Path) -> None:
    """As PNG, as small as can be."""
    Image.fromarray(picture[..., :3]).save(path, optimize=True)
