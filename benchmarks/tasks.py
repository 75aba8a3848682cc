"""Four people's tasks in a real window, with the mouse and the keyboard; the clicks are counted.

    xvfb-run -a -s "-screen 0 1366x768x24" python -m benchmarks.tasks [--case FOLDER]

A researcher has two sequences of a patient: opens them, segments, corrects with the brush and an
operation, measures and writes a report. Strokes of the brush do not count, nor does typing the name
of a file. A methods person segments a case with two models and compares them. A lecturer shows
shared and specific features of the sample case as maps, as points and in numbers, and runs a step
of the guided tour. Somebody with a folder of six cases segments and reviews them. All start from
napari's empty window. Screenshots go to ``results/tasks``, which git ignores. The exit code
is 1 if a task needs more clicks than `MOST` or cannot be finished.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.desk import Desk, OutOfReachError
from benchmarks.people import (
    cohort,
    lecturer,
    methods_person,
    researcher,
    two_of,
)

MOST = {"researcher": 13, "methods": 18, "lecturer": 32, "cohort": 18}
SCREEN = (1366, 768)
COHORT = 6
"""Cases of the folder."""


def main() -> int:
    """Do the tasks; returns the exit code."""
    from shaspec.io import write_case
    from shaspec.phantom import DEMO_SEED, make_case

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=Path, help="folder of a real case; default: a phantom")
    parser.add_argument("--size", default="64,80,72", help="voxels of the phantom")
    parser.add_argument("--models", default="shaspec,zero-fill", help="those that are compared")
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--large", action="store_true", help="with large type")
    parser.add_argument("--task", default="all", choices=("all", *MOST))
    parser.add_argument("--screen", default="1366,768", help="size of the window in pixels")
    parser.add_argument("--out", type=Path, default=Path("results/tasks"))
    options = parser.parse_args()
    first, second = options.models.split(",")
    failed = False
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shape = tuple(int(n) for n in options.size.split(","))
        case = options.case
        if case is None:
            case = folder / "phantom"
            write_case(case, make_case(DEMO_SEED, shape=shape))
        (folder / "two").mkdir()
        two = two_of(case, folder / "two")
        tasks: dict[str, Callable[[Desk], None]] = {
            "researcher": lambda desk: researcher(desk, two, folder / "report.html"),
            "methods": lambda desk: methods_person(
                desk, case, (first, second), folder / "comparison.csv"
            ),
            "lecturer": lecturer,
            "cohort": lambda desk: cohort(desk, many(folder / "cases", shape)),
        }
        for name, task in tasks.items():
            if options.task in {"all", name}:
                failed |= not done(name, task, options)
    return int(failed)


def many(folder: Path, shape: tuple[int, ...]) -> Path:
    """A folder of phantoms."""
    from shaspec.io import write_case
    from shaspec.phantom import DEMO_SEED, make_case

    for number in range(1, COHORT + 1):
        case = folder / f"patient_{number}"
        write_case(case, make_case(DEMO_SEED + number, shape=shape))
    return folder


def done(name: str, task: Callable[[Desk], None], options: argparse.Namespace) -> bool:
    """Does one task in a new window and prints its clicks; False: too many, or not finished."""
    import napari
    from napari.settings import get_plugin_settings, get_settings

    appearance = get_settings().appearance
    display = get_plugin_settings("napari-shaspec").display
    before = appearance.theme, display.large_type  # they are kept for the user's own sessions
    appearance.theme, display.large_type = options.theme, options.large
    viewer = napari.Viewer(show=False)
    size = tuple(int(n) for n in options.screen.split(","))
    viewer.window._qt_window.setGeometry(0, 0, *size)
    viewer.window.show()
    viewer.window._qt_window.setGeometry(0, 0, *size)
    large = "_large" if options.large else ""
    desk = Desk(viewer, options.out / f"{options.theme}_{size[0]}{large}")
    problem = ""
    try:
        task(desk)
    except OutOfReachError as error:
        problem = f"; NOT FINISHED: {error}"
        desk.look(f"{name}_stuck")
    finally:
        viewer.close()
        appearance.theme, display.large_type = before
    print(f"{name}: {desk.clicks} clicks of at most {MOST[name]}, {desk.keys} keys{problem}")
    print(f"  {', '.join(desk.said)}", flush=True)
    return not problem and desk.clicks <= MOST[name]


if __name__ == "__main__":
    sys.exit(main())
