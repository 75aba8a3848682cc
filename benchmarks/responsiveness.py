"""How long napari's event loop is blocked while the panels run jobs.

    xvfb-run python benchmarks/responsiveness.py [--model MODEL] [--size 155,240,240]

A gap is the time between two ticks of a 5 ms timer. The target is a 95th percentile below 50 ms.
Because short gaps are many and long ones few, the last column has the share of the time in gaps
over 50 ms, which users notice. The idle viewer is measured in the same run for comparison.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import napari

TICK_MS = 5
FELT_MS = 50
IDLE_SECONDS = 3.0
AFTER_SECONDS = 0.5  # drawing after a job counts as part of it
POINTS = 100_000
TRAIN = {"phantoms": 2, "minutes": 0.0, "steps": 30}


class Gaps:
    """Milliseconds between the ticks of a timer."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._last = 0.0
        self._gaps: list[float] = []
        self._check: Callable[[], None] = lambda: None

    def measure(self, begin: Callable[[], object], going_on: Callable[[], bool]) -> np.ndarray:
        """The gaps of the event loop from ``begin()`` until no job is ``going_on()``."""
        from qtpy.QtCore import QEventLoop

        loop, seen = QEventLoop(), [0.0]

        def check() -> None:
            now = time.perf_counter()
            if going_on():
                seen[0] = now
            elif now - seen[0] > AFTER_SECONDS:
                loop.quit()

        self._check = check
        self._gaps, self._last = [], time.perf_counter()
        seen[0] = self._last
        self._timer.start()
        begin()
        loop.exec()
        self._timer.stop()
        return np.array(self._gaps)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(1000 * (now - self._last))
        self._last = now
        self._check()


def main() -> None:
    """A phantom, segmented in every panel, and a short training run."""
    import napari

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="shaspec")
    parser.add_argument("--size", default="155,240,240", help="voxels of 1 mm; default: as BraTS")
    options = parser.parse_args()
    viewer = napari.Viewer()
    size = tuple(int(n) for n in options.size.split(","))
    print(f"{options.model} on {options.size} voxels, gaps of the event loop in ms")
    print(f"{'':24} median   95 %   99 %     max   seconds   in gaps > {FELT_MS} ms", flush=True)
    measure(viewer, options.model, size)
    viewer.close()


def measure(viewer: napari.Viewer, model: str, size: tuple[int, ...]) -> None:
    """Print a row for each job that a user waits for."""
    from napari_shaspec.jobs.state import Status
    from napari_shaspec.layers.viewer import add_case
    from shaspec.phantom import make_case

    gaps = Gaps()

    def job(name: str, control: Any, begin: Callable[[], object]) -> None:
        row(name, gaps.measure(begin, lambda: control.state.status.busy))
        if control.state.status is not Status.DONE:
            raise SystemExit(f"{name}: {control.state.status.value}, {control.state.message.text}")

    def panel(name: str) -> tuple[Any, Any]:
        dock, widget = viewer.window.add_plugin_dock_widget("napari-shaspec", name)
        return dock, widget.controller

    dock, control = panel("Segment")
    control.choose_model(model)
    add_case(viewer, make_case(9_000_000, shape=size))
    end = time.perf_counter() + IDLE_SECONDS
    row("idle", gaps.measure(lambda: None, lambda: time.perf_counter() < end))
    job("segment", control, control.segment)
    control.update_when_toggled(False)
    control.tick("T1ce", False)
    job("again, features kept", control, control.segment)
    viewer.window.remove_dock_widget(dock)

    dock, control = panel("Robustness")
    if model not in control.state.models:
        control.add_model(model)
    control.choose_models([model])
    job("all subsets", control, control.sweep)
    viewer.window.remove_dock_widget(dock)

    dock, control = panel("Features")
    control.choose_model(model)
    job("features", control, control.compute)
    viewer.window.remove_dock_widget(dock)

    row(f"{POINTS} points moved", moved_points(gaps))

    dock, control = panel("Train")
    with TemporaryDirectory() as folder:
        control.change(out=str(Path(folder) / "run"), **TRAIN)
        job("training", control, control.start)
        viewer.window.remove_dock_widget(dock)


def moved_points(gaps: Gaps) -> np.ndarray:
    """The gaps while a plane of many points is dragged, a step per turn of the event loop."""
    from napari_shaspec.features.scatter import Scatter

    plane = Scatter()
    plane.resize(340, 280)
    plane.show()
    rng = np.random.default_rng(0)
    plane.show_points(rng.normal(size=(POINTS, 2)), np.tile([0.2, 0.6, 1.0, 0.8], (POINTS, 1)))
    end = time.perf_counter() + IDLE_SECONDS

    def drag() -> bool:
        x, y = rng.normal(scale=0.02, size=2)
        plane._view.camera.pan((x, y))
        return time.perf_counter() < end

    found = gaps.measure(lambda: None, drag)
    plane.close()
    return found


def row(name: str, gaps: np.ndarray) -> None:
    """One row of the printed table."""
    median, high, higher = np.percentile(gaps, [50, 95, 99])
    felt = gaps[gaps > FELT_MS].sum() / gaps.sum()
    print(
        f"{name:24} {median:6.1f} {high:6.1f} {higher:6.1f} {gaps.max():7.1f} "
        f"{gaps.sum() / 1000:9.1f} {felt:15.0%}",
        flush=True,
    )


if __name__ == "__main__":
    main()
