"""How results look in the panel *Segment*, and pictures of the canvas. No Qt here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.views import View
from napari_shaspec.segment.pictured import Pictured
from napari_shaspec.segment.state import SegmentState
from shaspec.files.writing import write_atomically

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

OUTLINE = 1  # voxels, width of a contour


class Look:
    """Keeps ``opacity`` and ``contour`` of a `SegmentState`, and those of the result layers."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        run: Runner,
        job: JobControl,
        pictured: Pictured,
    ) -> None:
        self._viewer, self._state, self._run, self._job = viewer, state, run, job
        self._pictured = pictured
        for field in ("results", "view"):
            state.events[field].connect(self._apply, max_args=0)

    def set_opacity(self, opacity: float) -> None:
        """Sets the opacity of all results, 0 to 1."""
        self._state.opacity = opacity
        self._apply()

    def set_contour(self, on: bool) -> None:
        """Shows only the outlines of the labels, or fills them."""
        self._state.contour = on
        self._apply()

    def save_picture(self, path: str | Path, canvas: npt.NDArray[np.uint8]) -> None:
        """Writes a picture of the canvas with a caption, in a worker.

        Args:
            path: a ``.png`` file.
            canvas: (rows, columns, 4), of one view or of three planes.
        """
        caption = self.caption()
        handlers: Handlers[Path] = Handlers(
            lambda written: self._job.say(f"saved {written}"), self._job.show_error, lambda: None
        )
        self._run(lambda: picture_job(Path(path), canvas, caption), handlers, threading.Event())

    def caption(self) -> str:
        """What the canvas shows: case, result with its changes, model, slice."""
        from shaspec.report.content import USE  # the report loads SciPy

        state = self._state
        parts = [state.case, *self._segmented()]
        dims = self._viewer.dims
        if state.view is not View.THREE_D and dims.ndim == 3:
            axes = range(dims.ndim) if state.planes else dims.order[:1]
            parts += [f"{dims.axis_labels[axis]} {dims.point[axis]:.1f} mm" for axis in axes]
        return "; ".join(filter(None, parts)) + f"\n{USE}"

    def _segmented(self) -> list[str]:
        """What the labels on the canvas are."""
        state, result = self._state, self._state.shown_map
        if state.view is View.STACK:
            results = []
            for layer in self._pictured.layers():
                model = origin(layer).get("provenance", {}).get("model", "")
                title = self._pictured.title(layer)
                told = f"model {model}" if model and model not in title else ""
                results += [f"segmented from {title}", told]
            return results
        result = state.edited.get(state.shown, result)
        if result is None:
            return []
        model = result.provenance.get("model", "")
        return [f"segmented from {result.title}", f"model {model}" if model else ""]

    def _apply(self) -> None:
        width = OUTLINE if self._state.contour else 0
        for layer in self._layers():
            if layer.opacity != self._state.opacity:
                layer.opacity = self._state.opacity
            if layer.contour != width:
                layer.contour = width

    def _layers(self) -> list[Labels]:
        return [*of_kind(self._viewer, "result"), *of_kind(self._viewer, "pane")]


def picture_job(path: Path, canvas: npt.NDArray[np.uint8], caption: str) -> Iterator[Path]:
    """Writes a captioned picture."""
    from shaspec.report.caption import captioned_png

    write_atomically(path, captioned_png(canvas, caption))
    yield path
