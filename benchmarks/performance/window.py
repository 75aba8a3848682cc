"""What a user of napari's window waits for: ``xvfb-run python -m benchmarks.performance.window``.

Prints a line of JSON per step: what, seconds until it is done, and the longest time in milliseconds
that the window's thread computed without a turn of its event loop. The latter depends little on
other work on the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.responsiveness import AFTER_SECONDS, Bench

if TYPE_CHECKING:
    import napari

Wait = tuple[str, float, float]
"""What, seconds, milliseconds of the longest standstill."""

SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1366x768x24"]


def window_rows(name: str) -> list[Wait]:
    """The waits with model ``name`` in a process of its own; none without a screen for it."""
    screen = [] if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") else SCREEN
    if screen and shutil.which(screen[0]) is None:
        print("no screen, and xvfb-run is not installed: the rows of the window are left out")
        return []
    command = [*screen, sys.executable, "-m", "benchmarks.performance.window", name]
    environment = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    return [tuple(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("[")]


def waits(viewer: napari.Viewer, model: str, folder: Path) -> Iterator[Wait]:
    """A case is opened, segmented twice, and its features are looked at."""
    from napari_shaspec.features.state import FeatureView

    bench = Bench(viewer, model)

    def wait(what: str, begin: Callable[[], object], going_on: Callable[[], bool]) -> Wait:
        wall, own = bench.gaps.measure(begin, going_on).T
        return what, max(0.0, wall.sum() / 1000 - AFTER_SECONDS), own.max()

    opened: list[Any] = []
    yield wait("panel Segment", lambda: opened.append(bench.panel("Segment")), lambda: False)
    control = opened[0][1]
    yield wait("case folder to pictures", lambda: control.open([folder]), lambda: False)
    control.choose_model(model)
    control.update_when_toggled(False)

    def busy() -> bool:
        return bool(control.state.status.busy)

    yield wait("first run, to overlay", control.segment, busy)
    control.tick("T1ce", False)
    yield wait("toggle, to overlay", control.segment, busy)

    yield wait("panel Features", lambda: opened.append(bench.panel("Features")), lambda: False)
    control = opened[1][1]
    control.choose_model(model)
    yield wait("features of the case", control.compute, busy)
    other = FeatureView(kind="specific")
    yield wait("another kind of features", lambda: control.show_features(other), busy)
    yield wait("panes left", lambda: control.side_by_side(False), busy)
    yield wait("panes again", lambda: control.side_by_side(True), busy)


def main() -> None:
    """Print the waits of one phantom of the size of a BraTS case."""
    import napari

    from shaspec.io import write_case
    from shaspec.phantom import make_case

    viewer = napari.Viewer()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "case"
        write_case(folder, make_case(9_000_000))
        for found in waits(viewer, sys.argv[1] if len(sys.argv) > 1 else "shaspec", folder):
            print(json.dumps(found), flush=True)
    viewer.close()


if __name__ == "__main__":
    main()
