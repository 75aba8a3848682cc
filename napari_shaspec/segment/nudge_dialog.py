"""The dialog in which a user places a scan on its reference by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.jobs.runner import Handlers, Runner, run_in_worker

if TYPE_CHECKING:
    from shaspec.preparation.nudge import Nudge
    from shaspec.registration import Registration

PICTURE = 280  # pixels of the longer side; three fit beside each other at 1366 x 768
MOST_MM, MOST_DEGREES = 200.0, 180.0
AXES = (
    ("left", "Move to the left of the patient", "tilt", "Turn about the left-right axis"),
    ("back", "Move to posterior", "roll", "Turn about the front-back axis"),
    ("up", "Move to superior", "turn", "Turn about the long axis of the body"),
)
TEXT = (
    "The edges of {name} over the reference, in three planes through the middle of the head. "
    "Move and turn {name} until they lie on the outlines of the reference."
)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Event: the pictures of a pose."""

    registration: Registration
    pictures: list[npt.NDArray[np.uint8]]


class NudgeDialog(QDialog):
    """Six numbers and three pictures; ``registration`` is the pose. Call `end` when it is closed.

    Args:
        nudge: the scans.
        name: modality of the scan that is moved.
        run: draws the pictures.
    """

    def __init__(
        self,
        nudge: Nudge,
        name: str,
        parent: QWidget | None = None,
        *,
        run: Runner = run_in_worker,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_nudge")
        self.setWindowTitle(f"Place {name} by hand")
        self._nudge, self._run = nudge, run
        self._stop = threading.Event()
        self._busy = self._outdated = False
        self.registration: Registration = nudge.moved((0, 0, 0), (0, 0, 0))
        """The pose that is shown in the numbers."""
        text = QLabel(TEXT.format(name=name))
        text.setWordWrap(True)
        self.pictures = [QLabel() for _ in range(3)]
        row = QHBoxLayout()
        for label in self.pictures:
            label.setFixedSize(PICTURE, PICTURE)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(label)
        self._fields = QCheckBox("Checkerboard of both")
        self._fields.setObjectName("shaspec_nudge_fields")
        self._fields.setToolTip("Fields of both scans in turn instead of edges")
        self._fields.toggled.connect(self._draw)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        use = buttons.addButton("Use this pose", QDialogButtonBox.ButtonRole.AcceptRole)
        assert use is not None
        use.setObjectName("shaspec_nudge_use")
        use.setAutoDefault(False)  # Enter in a number field must not decide
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.addWidget(self._fields, 1)
        bottom.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        column.addWidget(text)
        column.addLayout(row)
        column.addLayout(self._numbers())
        column.addLayout(bottom)
        self._draw()

    def end(self) -> None:
        """Ends the worker."""
        self._stop.set()

    def _numbers(self) -> QGridLayout:
        self._shift: list[QDoubleSpinBox] = []
        self._turn: list[QDoubleSpinBox] = []
        grid = QGridLayout()
        for row, (word, tip, turn, turn_tip) in enumerate(AXES):
            for column, (boxes, text, tooltip, most, unit) in enumerate(
                (
                    (self._shift, word, tip, MOST_MM, " mm"),
                    (self._turn, turn, turn_tip, MOST_DEGREES, "°"),
                )
            ):
                box = QDoubleSpinBox()
                box.setObjectName(f"shaspec_nudge_{text}")
                box.setRange(-most, most)
                box.setDecimals(1)
                box.setSingleStep(1.0)
                box.setSuffix(unit)
                box.setToolTip(tooltip)
                box.valueChanged.connect(self._draw)
                boxes.append(box)
                grid.addWidget(QLabel(text.capitalize()), row, 2 * column)
                grid.addWidget(box, row, 2 * column + 1)
        return grid

    def _draw(self, *_: object) -> None:
        """Draws the present pose in a worker; of poses that come meanwhile, only the last one."""
        x, y, z = (box.value() for box in self._shift)
        a, b, c = (box.value() for box in self._turn)
        self.registration = self._nudge.moved((x, y, z), (a, b, c))
        if self._busy:
            self._outdated = True
            return
        self._busy, self._outdated = True, False
        pose, fields = self.registration, self._fields.isChecked()

        def work() -> Iterator[_Drawn]:
            yield _Drawn(pose, self._nudge.pictures(pose, fields=fields))

        self._run(work, Handlers(self._show, lambda _: None, self._ended), self._stop)

    def _show(self, drawn: _Drawn) -> None:
        if self._stop.is_set():  # the dialog is closed
            return
        for label, picture in zip(self.pictures, drawn.pictures, strict=True):
            label.setPixmap(_pixmap(picture))

    def _ended(self) -> None:
        self._busy = False
        if self._outdated and not self._stop.is_set():
            self._draw()


def _pixmap(picture: npt.NDArray[np.uint8]) -> QPixmap:
    rows, columns, _ = picture.shape
    image = QImage(picture.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    return QPixmap(image.copy()).scaled(
        PICTURE,
        PICTURE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
