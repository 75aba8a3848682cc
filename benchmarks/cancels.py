"""Cancel and close the panel Segment at random moments of a job, and look at what stays behind.

    xvfb-run -a python -m benchmarks.cancels --rounds 300 --seed 1

Every round starts a job of a tiny network on a small phantom and disturbs it after a random time:
it is cancelled, the panel is closed by its cross, the layers of the case are removed, a modality is
toggled, or the whole window is closed. Printed are the threads, layers, widgets and panels that
exist when nothing runs, and the memory of the process. The exit code is 1 if the first four grew
since the warm-up, or the memory grew by more than `MOST_MIB` in the second half.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from shaspec.case import Case

WAYS = ("cancel", "cross", "layers", "toggle")
WINDOW = "window"
MOST_MIB = 16
LONGEST = 0.4
"""Seconds until a job is disturbed, at most; about its length."""
PATIENCE = 600.0
"""Seconds by the clock after which a job that does not end counts as a hang; what every thread does
then is printed."""


@dataclass(frozen=True)
class Held:
    """What exists while nothing runs."""

    threads: int
    layers: int
    widgets: int
    panels: int


class Window:
    """A viewer with the panel Segment and a case.

    Args:
        make_viewer: opens a window of napari.
        model: chosen in the panel; empty: the one that it begins with.
        case: what is segmented.
    """

    def __init__(self, make_viewer: Callable[[], Any], model: str, case: Case) -> None:
        self._make_viewer, self._model, self._case = make_viewer, model, case
        self.viewer = make_viewer()
        self._open()

    def _open(self) -> None:
        """The panel and the case, where they are missing."""
        from napari_shaspec.layers.viewer import add_case

        self.panel = self.viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")[1]
        self.control = self.panel.controller
        if self._model:
            self.control.choose_model(self._model)
        if not self.viewer.layers:
            add_case(self.viewer, self._case)

    def disturb(self, way: str, seconds: float, rng: Random) -> bool:
        """Start a job and disturb it; True if it still ran then."""
        from napari_shaspec.layers.viewer import add_case

        self.control.segment()
        turn_events(seconds)
        control, ran = self.control, self.control.state.status.busy
        if way == "cancel":
            control.cancel()
        elif way == "cross":
            self.viewer.window.remove_dock_widget(self.panel)
            self._settle()
            self._open()
        elif way == "layers":
            self.viewer.layers.clear()
            self._settle()
            add_case(self.viewer, self._case)
        elif way == "toggle":
            name = rng.choice(self._case.present)
            control.tick(name, name not in control.state.present)
            turn_events(seconds / 2)
            control.cancel()
        else:
            self.viewer.close()
            self._settle()
            self.viewer = self._make_viewer()
            self._open()
        self._settle()
        self._tidy()
        return ran

    def held(self) -> Held:
        """What exists now."""
        from qtpy.QtWidgets import QApplication

        from napari_shaspec.segment.panel import SegmentPanel

        gc.collect()
        turn_events(0.05)
        widgets = QApplication.allWidgets()
        panels = sum(isinstance(widget, SegmentPanel) for widget in widgets)
        return Held(threading.active_count(), len(self.viewer.layers), len(widgets), panels)

    def close(self) -> None:
        """Close the viewer."""
        self.viewer.close()
        self._settle()

    def _tidy(self) -> None:
        """Without the results of earlier rounds, and with all modalities."""
        for layer in [one for one in self.viewer.layers if one.name.startswith("seg")]:
            self.viewer.layers.remove(layer)
        for name in self._case.present:
            if name not in self.control.state.present:
                self.control.tick(name, True)
                self.control.cancel()
        self._settle()

    def _settle(self) -> None:
        """Wait until no job runs; `SystemExit` if one does not end."""
        from qtpy.QtCore import QThreadPool

        end = time.perf_counter() + PATIENCE
        while self.control.state.status.busy or QThreadPool.globalInstance().activeThreadCount():
            if time.perf_counter() > end:
                faulthandler.dump_traceback()
                raise SystemExit("a job does not end")
            turn_events(0.01)
        turn_events(0.01)


def turn_events(seconds: float) -> None:
    """Let Qt work for some time."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(max(1, round(1000 * seconds)), loop.quit)
    loop.exec()


def grown(before: Held, after: Held) -> dict[str, int]:
    """Name -> by how much there is more of it."""
    changes = {k: asdict(after)[k] - value for k, value in asdict(before).items()}
    return {name: change for name, change in changes.items() if change > 0}


def main() -> int:
    """Run the attack; returns the exit code."""
    import napari

    from benchmarks.fuzz.readers import tiny_model
    from shaspec.phantom import make_case

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, count, ran = Random(options.seed), Counter[str](), 0
    warm, every = max(10, options.rounds // 10), max(1, options.rounds // 6)
    with TemporaryDirectory() as folder:
        tiny_model(Path(folder))
        window = Window(napari.Viewer, folder, make_case(9_000_000, shape=(32, 32, 32)))
        print(f"seed {options.seed}\n rounds  running  threads  layers  widgets  panels     MiB")
        before, middle = window.held(), mib()
        for number in range(1, warm + options.rounds + 1):
            way = WINDOW if number % 20 == 0 else rng.choice(WAYS)
            met = window.disturb(way, rng.random() * LONGEST, rng)
            if number > warm:
                count[way] += 1
                ran += met
            if number == warm:
                before = window.held()
            if number == warm + options.rounds // 2:
                middle = mib()
            if number >= warm and (number - warm) % every == 0:
                now = window.held()
                print(f"{number - warm:7}{ran:9}{now.threads:9}{now.layers:8}{now.widgets:9}"
                      f"{now.panels:8}{mib():8.0f}", flush=True)  # fmt: skip
        more, larger = grown(before, window.held()), mib() - middle
        window.close()
    ways = ", ".join(f"{number} x {way}" for way, number in sorted(count.items()))
    print(f"{options.rounds} rounds ({ways}); in {ran} a job ran when it was disturbed")
    print(f"grown since the warm-up: {more or 'nothing'}; memory in the second half: {larger:+.0f} "
          f"MiB; {time.process_time():.0f} s of the processor")  # fmt: skip
    return int(bool(more) or larger > MOST_MIB)


def mib() -> float:
    """Memory of this process now."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1]) / 1024
    raise LookupError("VmRSS")


if __name__ == "__main__":
    sys.exit(main())
