"""How long napari's event loop is blocked while the panels run jobs.

    xvfb-run python benchmarks/responsiveness.py [--model MODEL] [--size 155,240,240]

A gap is the time between two ticks of a 5 ms timer. The target is a 99th percentile below 50 ms
and no gap over 300 ms.
Because short gaps are many and long ones few, the last column has the share of the time in gaps
over 50 ms, which users notice. The idle viewer is measured in the same run for comparison. *own* is
the time of the gaps in which this thread itself computed: on a machine that does other work too,
only these two columns are about the program.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
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
    """Milliseconds between the ticks of a timer, and of them those that this thread computed."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._last = self._last_own = 0.0
        self._gaps: list[tuple[float, float]] = []
        self._check: Callable[[], None] = lambda: None

    def measure(self, begin: Callable[[], object], going_on: Callable[[], bool]) -> np.ndarray:
        """The gaps (n, 2) of the event loop from ``begin()`` until no job is ``going_on()``."""
        from qtpy.QtCore import QEventLoop

        loop, seen = QEventLoop(), [0.0]

        def check() -> None:
            now = time.perf_counter()
            if going_on():
                seen[0] = now
            elif now - seen[0] > AFTER_SECONDS:
                loop.quit()

        self._check = check
        self._gaps, self._last, self._last_own = [], time.perf_counter(), time.thread_time()
        seen[0] = self._last
        self._timer.start()
        begin()
        loop.exec()
        self._timer.stop()
        return np.array(self._gaps)

    def _tick(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self._gaps.append((1000 * (now - self._last), 1000 * (own - self._last_own)))
        self._last, self._last_own = now, own
        self._check()


def main() -> None:
    """A phantom, segmented in every panel, and a short training run."""
    import napari

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="shaspec")
    parser.add_argument("--size", default="155,240,240", help="voxels of 1 mm; default: as BraTS")
    parser.add_argument("--groups", default=",".join(GROUPS), help="panels to measure")
    options = parser.parse_args()
    viewer = napari.Viewer()
    size = tuple(int(n) for n in options.size.split(","))
    print(f"{options.model} on {options.size} voxels, gaps of the event loop in ms")
    print(
        f"{'':24} median   95 %   99 %     max   seconds   in gaps > {FELT_MS} ms"
        "   own 99 %     max",
        flush=True,
    )
    measure(viewer, options.model, size, options.groups.split(","))
    viewer.close()


class Bench:
    """Opens panels, and prints a row for each thing that a user waits for."""

    def __init__(self, viewer: napari.Viewer, model: str) -> None:
        self.viewer, self.model, self.gaps = viewer, model, Gaps()
        self._measured: list[np.ndarray] = []

    def panel(self, name: str) -> tuple[Any, Any]:
        """The dock and the controller of a panel."""
        dock, widget = self.viewer.window.add_plugin_dock_widget("napari-shaspec", name)
        return dock, widget.controller

    def act(self, name: str, begin: Callable[[], object], going_on: Callable[[], bool]) -> None:
        """Measures from ``begin()`` until nothing is ``going_on()`` any more."""
        self._measured.append(self.gaps.measure(begin, going_on))
        row(name, self._measured[-1])

    def together(self, name: str) -> None:
        """A row over all actions since the last such row: a short one has few turns of its own."""
        row(name, np.concatenate(self._measured))
        self._measured = []

    def job(self, name: str, control: Any, begin: Callable[[], object]) -> None:
        """Measures a job of a panel, which must succeed."""
        from napari_shaspec.jobs.state import Status

        self.act(name, begin, lambda: control.state.status.busy)
        if control.state.status is not Status.DONE:
            raise SystemExit(f"{name}: {control.state.status.value}, {control.state.message.text}")


def measure(viewer: napari.Viewer, model: str, size: tuple[int, ...], groups: list[str]) -> None:
    """Print a row for each job that a user waits for."""
    from napari_shaspec.layers.viewer import add_case
    from shaspec.phantom import make_case

    bench = Bench(viewer, model)
    add_case(viewer, make_case(9_000_000, shape=size))
    end = time.perf_counter() + IDLE_SECONDS
    row("idle", bench.gaps.measure(lambda: None, lambda: time.perf_counter() < end))
    for name in groups:
        GROUPS[name](bench, size)
        bench.together(f"{name}, together")


def segment(bench: Bench, _: tuple[int, ...]) -> None:
    """The panel *Segment*, with its boxes *Edit*, *Measure* and *Look*, and *Compare*."""
    from shaspec.editing import Operation

    dock, control = bench.panel("Segment")
    control.choose_model(bench.model)
    state = control.state
    bench.job("segment", control, control.segment)
    control.update_when_toggled(False)
    control.tick("T1ce", False)
    bench.job("again, features kept", control, control.segment)
    layer = control.editing._shown_layer()
    middle = tuple(n // 2 for n in layer.data.shape)
    bench.act("brush", lambda: layer.paint(middle, 2), lambda: False)
    grow = Operation("grow", "WT", 2.0)
    bench.act("grow", lambda: control.editing.operate(grow), lambda: state.operating)
    bench.act("undo the edit", control.undo, lambda: False)
    bench.act("measure", lambda: control.measuring.measure("WT"), lambda: state.measuring)
    bench.act("three planes", lambda: control.set_planes(True), lambda: False)
    bench.act("scroll in planes", lambda: bench.viewer.dims.set_current_step(0, 30), lambda: False)
    bench.act("one view again", lambda: control.set_planes(False), lambda: False)
    other, compare = bench.panel("Compare")
    bench.job("compare", compare, compare.compare)
    from napari_shaspec.compare.state import Shown

    bench.act("swipe", lambda: compare.show(Shown.SWIPE), lambda: False)
    end = time.perf_counter() + IDLE_SECONDS

    def drag() -> bool:
        compare.move_line(abs((time.perf_counter() % 2) - 1))
        return time.perf_counter() < end

    bench.act("swipe, line moved", lambda: None, drag)
    for each in (other, dock):
        bench.viewer.window.remove_dock_widget(each)


def analyses(bench: Bench, _: tuple[int, ...]) -> None:
    """*Robustness*, *Features*, *Train*."""
    dock, control = bench.panel("Robustness")
    if bench.model not in control.state.models:
        control.add_model(bench.model)
    control.choose_models([bench.model])
    bench.job("all subsets", control, control.sweep)
    bench.viewer.window.remove_dock_widget(dock)

    dock, control = bench.panel("Features")
    control.choose_model(bench.model)
    bench.job("features", control, control.compute)
    bench.viewer.window.remove_dock_widget(dock)

    row(f"{POINTS} points moved", moved_points(bench.gaps))

    dock, control = bench.panel("Train")
    with TemporaryDirectory() as folder:
        control.change(out=str(Path(folder) / "run"), **TRAIN)
        bench.job("training", control, control.start)
        bench.viewer.window.remove_dock_widget(dock)


def cases(bench: Bench, size: tuple[int, ...]) -> None:
    """*Prepare…*, *Two dates* and *Many cases*, on files."""
    from shaspec.io import write_case
    from shaspec.phantom import make_case

    bench.viewer.layers.clear()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number, name in enumerate(("anna_2019", "anna_2021")):
            write_case(folder / "cases" / name, make_case(9_000_001 + number, shape=size))
        dock, control = bench.panel("Segment")
        bench.act(
            "open a case", lambda: control.open([folder / "cases" / "anna_2019"]), lambda: False
        )
        begin = partial(control.preparing.prepare, folder / "prepared", strip="never")
        bench.act("prepare", begin, lambda: control.state.status.busy)
        bench.viewer.window.remove_dock_widget(dock)
        bench.viewer.layers.clear()

        dock, control = bench.panel("Two dates")
        control.choose_model(bench.model)
        for name in ("anna_2019", "anna_2021"):
            control.open([folder / "cases" / name])
        control.choose("anna_2019", "anna_2021")
        bench.job("two dates", control, control.measure)
        bench.viewer.window.remove_dock_widget(dock)
        bench.viewer.layers.clear()

        dock, control = bench.panel("Many cases")
        control.choose_model(bench.model)
        bench.job("look for cases", control, lambda: control.open([folder / "cases"]))
        bench.job("many cases", control, control.segment)
        bench.act(
            "review",
            lambda: control.review("anna_2019"),
            lambda: "is open" not in control.state.message.text,
        )
        bench.viewer.window.remove_dock_widget(dock)


GROUPS: dict[str, Callable[[Bench, tuple[int, ...]], None]] = {
    "segment": segment,
    "analyses": analyses,
    "cases": cases,
}


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
    wall, own = gaps.T
    median, high, higher = np.percentile(wall, [50, 95, 99])
    felt = wall[wall > FELT_MS].sum() / wall.sum()
    print(
        f"{name:24} {median:6.1f} {high:6.1f} {higher:6.1f} {wall.max():7.1f} "
        f"{wall.sum() / 1000:9.1f} {felt:15.0%}   {np.percentile(own, 99):8.1f} {own.max():7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
