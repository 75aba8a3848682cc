"""The pictures of the pages, rendered by the real program on the phantom of *Open Sample*.

xvfb-run python docs/pictures.py [FOLDER]      writes PNG files into docs/_pictures

Every picture is a function that presses what a user would press and takes a picture; they follow
each other as in the tour. Never a real case: these pictures are published.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbclient
import nbformat
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import napari

    from napari_shaspec.widgets.segment_panel import SegmentPanel

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE.parent / "examples" / "teaching.ipynb"
WINDOW = (1366, 768)
CLOSER = 1.5  # napari shows all that was scanned, and most of that is air
PATIENCE = 900  # seconds that a job may take


@dataclass(frozen=True)
class Scene:
    """napari with the panel, and where pictures go."""

    viewer: napari.Viewer
    panel: SegmentPanel
    out: Path

    def finish(self) -> None:
        """Lets the window live until the job is over; raises if it failed."""
        from napari_shaspec.work import Status

        work, end = self.panel.controller.work, time.monotonic() + PATIENCE
        while work.status.busy and time.monotonic() < end:
            settle(0.05)
        if work.status is not Status.DONE:
            raise RuntimeError(f"{work.status}: {work.message.text}")

    def canvas(self, name: str) -> None:
        """A picture of the canvas."""
        settle()
        save(self.viewer.screenshot(canvas_only=True, flash=False), self.out / name)

    def controls(self, name: str) -> None:
        """A picture of the panel, as high as what is in it."""
        from qtpy.QtCore import QRect
        from qtpy.QtWidgets import QScrollArea

        settle()
        inner = self.panel.findChild(QScrollArea).widget()
        inner.grab(QRect(0, 0, inner.width(), inner.sizeHint().height())).save(str(self.out / name))


def main() -> None:
    """Render everything."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_pictures"
    out.mkdir(parents=True, exist_ok=True)
    scene = open_scene(out)
    for picture in PICTURES:
        picture(scene)
    scene.viewer.close()
    lesson(out)


def open_scene(out: Path) -> Scene:
    """napari with the sample and the panel."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    viewer.open_sample("napari-shaspec", "phantom")
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    return Scene(viewer, panel, out)


# -- the tour ----------------------------------------------------------------------------------


def panel_case(scene: Scene) -> None:
    """The panel before anything was segmented."""
    scene.controls("panel_case.png")


def slice_(scene: Scene) -> None:
    """The slice with most of the tumour, segmented from all four."""
    control = scene.panel.controller
    control.segment()
    scene.finish()
    result = control.work.results[0]
    most = int((result.labels > 0).sum(axis=(1, 2)).argmax())
    scene.viewer.dims.set_point(0, result.grid.origin[0] + result.grid.spacing[0] * most)
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.canvas("slice.png")


def grid_all(scene: Scene) -> None:
    """A pane per sequence, with the result from all four."""
    from napari_shaspec.layers.arrange import View

    scene.panel.controller.look(View.GRID)
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.canvas("grid_all.png")


def grid_without_t1ce(scene: Scene) -> None:
    """The same without T1ce."""
    control = scene.panel.controller
    control.tick("T1ce", False)
    if not control.work.status.busy:  # features were not kept for lack of memory
        control.segment()
    scene.finish()
    control.update_when_toggled(True)  # takes the seconds off the panel: they differ every time
    scene.canvas("grid_without_T1ce.png")


def window(scene: Scene) -> None:
    """The whole window; the picture on the first page."""
    settle()
    picture = scene.viewer.screenshot(canvas_only=False, flash=False)
    save(picture, scene.out / "window.png")


def panel_results(scene: Scene) -> None:
    """The panel with two results."""
    scene.controls("panel_results.png")


def space(scene: Scene) -> None:
    """The regions in the head."""
    from napari_shaspec.layers.arrange import View

    scene.panel.controller.look(View.SPACE)
    scene.canvas("space.png")


PICTURES: tuple[Callable[[Scene], None], ...] = (
    panel_case, slice_, grid_all, grid_without_t1ce, window, panel_results, space,
)  # fmt: skip


# -- the notebook ------------------------------------------------------------------------------


def lesson(out: Path) -> None:
    """Runs the notebook and takes every figure, in its order; raises if a cell fails."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=PATIENCE).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    for number, figure in enumerate(figures, 1):
        (out / f"teaching_{number}.png").write_bytes(base64.b64decode(figure))


# -- means -------------------------------------------------------------------------------------


def settle(seconds: float = 0.4) -> None:
    """Gives Qt and OpenGL time to draw."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def save(picture: np.ndarray, path: Path) -> None:
    """As PNG, as small as can be."""
    Image.fromarray(picture[..., :3]).save(path, optimize=True)


if __name__ == "__main__":
    main()
