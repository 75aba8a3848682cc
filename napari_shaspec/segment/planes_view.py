"""The coronal and the sagittal view beside napari's own canvas, and the marks over all three."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from napari.qt import QtViewer
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QSplitter

from napari_shaspec.jobs.turns import Steps, Turns
from napari_shaspec.widgets.canvas_marks import CanvasMarks
from napari_shaspec.widgets.viewer_window import window_of
from shaspec.errors import InputError

if TYPE_CHECKING:
    from napari.components import ViewerModel

Picture = npt.NDArray[np.uint8]

MAIN, SIDE = 3, 2
"""Shares of the width: napari's own canvas, and the column with the other planes."""


class SideView(QtViewer):
    """A canvas to look at and to click; keys and dropped files go to napari's own canvas."""

    def __init__(self, model: ViewerModel, leader: ViewerModel) -> None:
        super().__init__(model)
        self.setAcceptDrops(False)
        self.canvas.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.marks = CanvasMarks(self, leader)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """A key that a slider does not use."""
        if event is not None:
            event.ignore()

    keyReleaseEvent = keyPressEvent

    def _bind_shortcuts(self) -> None:
        """Does nothing: napari has bound its keys to its own canvas only."""

    def end(self) -> None:
        """Disconnects from the model and closes."""
        self.marks.end()
        self.close()


class PlanesView:
    """Shows what a `Planes` has in the window of ``viewer``; without a window, nothing."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._window = window_of(viewer)
        self._main = None if self._window is None else CanvasMarks(self._window)
        self._column: QSplitter | None = None
        self._views: list[SideView] = []
        self._letters = True
        self._turns = Turns()
        if self._window is not None:
            self._window.destroyed.connect(self._lose)

    @property
    def marks(self) -> list[CanvasMarks]:
        """What lies over each canvas, that of napari first."""
        return [] if self._main is None else [self._main, *(view.marks for view in self._views)]

    def show_letters(self, on: bool) -> None:
        """Shows or hides the letters in all planes."""
        self._letters = on
        for marks in self.marks:
            marks.show_marks(letters=on, cross=self._column is not None)

    def show_planes(self, models: Sequence[ViewerModel]) -> None:
        """Shows these models beside the canvas; without models, the canvas alone."""
        window = self._window
        if window is None or (not models and self._column is None):
            return
        self._remove()
        self._column = QSplitter(Qt.Orientation.Vertical) if models else None
        self.show_letters(self._letters)
        self._turns.call(partial(self._fill, self._column, models))

    def picture(self) -> Picture:
        """A picture (rows, columns, 4) of the canvas, or of the three planes, with the marks."""
        if not self.marks:
            raise InputError("there is no window to take a picture of")
        main, *sides = (marks.over(marks.view.screenshot(flash=False)) for marks in self.marks)
        return beside(main, sides)

    def close(self) -> None:
        """Removes everything from the window."""
        self._remove()
        if self._main is not None:
            self._main.end()
        self._lose()

    def _fill(self, column: QSplitter | None, models: Sequence[ViewerModel]) -> Steps:
        """Adds the views one by one, so that the window does not stand still for all of them; at
        last, when the layout has set the sizes of the canvases, fits the pictures into them."""
        yield
        if column is not None and column is self._column and self._window is not None:
            self._window.setOrientation(Qt.Orientation.Horizontal)
            self._window.addWidget(column)
            side = self._window.width() * SIDE // (MAIN + SIDE)
            self._window.setSizes([self._window.width() - side, side])
            yield
        for model in models:
            if self._window is None or column is None or column is not self._column:
                return
            self._views.append(SideView(model, self._window.viewer))
            column.addWidget(self._views[-1])
            self.show_letters(self._letters)
            yield
        if self._window is not None and column is self._column:
            self._window.viewer.reset_view()

    def _remove(self) -> None:
        for view in self._views:
            view.end()
        self._views = []
        if self._column is not None and self._window is not None:
            self._column.setParent(None)
            self._column.deleteLater()
            self._column = None
            self._window.setOrientation(Qt.Orientation.Vertical)

    def _lose(self) -> None:
        """The window is gone, or this has left it."""
        self._window = self._main = self._column = None
        self._views = []


def beside(main: Picture, sides: Sequence[Picture]) -> Picture:
    """One picture (rows, columns, 4) with ``sides`` in a column at the right of ``main``."""
    rows = max(len(main), sum(map(len, sides)))
    columns = main.shape[1] + max((side.shape[1] for side in sides), default=0)
    page = np.empty((rows, columns, 4), np.uint8)
    page[:] = main[0, 0]  # the background of the canvas
    page[: len(main), : main.shape[1]] = main
    top = 0
    for side in sides:
        height, width = side.shape[:2]
        page[top : top + height, main.shape[1] : main.shape[1] + width] = side
        top += height
    return page
