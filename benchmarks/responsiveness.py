"""How long napari's event loop stands still while a case is segmented.

    xvfb-run python benchmarks/responsiveness.py [MODEL]

A timer of 5 ms asks for the event loop; the time between two of its ticks is a gap. Aim: the 95th
percentile under 50 ms. The idle viewer is measured in the same run, to compare with.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

TICK_MS = 5
IDLE_SECONDS = 3.0


class Gaps:
    """Milliseconds between the ticks of a timer, from `start` to `stop`."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self._timer = QTimer()
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._last = 0.0
        self._gaps: list[float] = []

    def measure(self, going_on: Callable[[], bool]) -> np.ndarray:
        """The gaps of the event loop as long as ``going_on()``."""
        from qtpy.QtCore import QEventLoop

        loop = QEventLoop()
        self._gaps, self._last = [], time.perf_counter()
        self._check = lambda: None if going_on() else loop.quit()
        self._timer.start()
        loop.exec()
        self._timer.stop()
        return np.array(self._gaps)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(1000 * (now - self._last))
        self._last = now
        self._check()


def line(name: str, gaps: np.ndarray) -> str:
    """One row of the printed table."""
    median, high = np.percentile(gaps, [50, 95])
    return f"{name:28} {median:6.1f} {high:6.1f} {gaps.max():6.1f}   {gaps.sum() / 1000:6.1f}"


def main() -> None:
    """A phantom at the size of a BraTS case, segmented, and one modality taken away."""
    import napari

    from napari_shaspec.layers.show import add_case
    from shaspec.phantom import make_case

    viewer = napari.Viewer()
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    control = panel.controller
    if len(sys.argv) > 1:
        control.choose_model(sys.argv[1])
    add_case(viewer, make_case(9_000_000))
    gaps = Gaps()
    begin = time.perf_counter()
    idle = gaps.measure(lambda: time.perf_counter() - begin < IDLE_SECONDS)
    control.segment()
    first = gaps.measure(lambda: control.work.status.busy)
    control.tick("T1ce", False)
    toggle = gaps.measure(lambda: control.work.status.busy)
    print(f"{control.work.model}, gaps of the event loop in ms")
    print(f"{'':28} median   95 %    max   seconds in all")
    for name, found in (("idle", idle), ("first run", first), ("toggle, features kept", toggle)):
        print(line(name, found))
    viewer.close()


if __name__ == "__main__":
    main()
