"""Two people's tasks in a real window, with the mouse and the keyboard; the clicks are counted.

    xvfb-run -a -s "-screen 0 1366x768x24" python -m benchmarks.tasks [--case FOLDER]

A researcher has two sequences of a patient: opens them, segments, corrects with the brush and an
operation, measures and writes a report. Strokes of the brush do not count, nor does typing the name
of a file. A methods person segments a case with two models and compares them. Both start from
napari's empty window. Screenshots go to ``results/tasks``, which git ignores. The exit code
is 1 if a task needs more clicks than `MOST` or cannot be finished.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.desk import Desk, OutOfReachError

MOST = {"researcher": 15, "methods": 20}
SCREEN = (1366, 768)
TWO = ("flair", "t2")
"""The sequences of the researcher, as in the names of their files."""


def researcher(desk: Desk, case: Path, report: Path) -> None:
    """Two sequences: segment, correct, measure, report."""
    from qtpy.QtCore import QPoint

    panel = open_panel(desk, "Segment")
    state = panel.controller.state
    desk.drop(panel, case)
    desk.wait(lambda: len(state.present) == len(TWO), "the case")
    desk.look("researcher_1_case")
    desk.click(panel, "run")
    finish(desk, panel)
    desk.look("researcher_2_result")
    desk.click(panel, "edit")
    desk.click(panel, "paint_ED")
    canvas = desk.viewer.window._qt_viewer.canvas.native
    centre = canvas.rect().center()
    desk.drag(canvas, centre - QPoint(20, 0), centre + QPoint(20, 10))
    desk.wait(lambda: bool(state.edited), "the stroke")
    before = state.edited[state.shown]
    desk.click(panel, "grow")
    desk.wait(lambda: state.edited.get(state.shown) is not before, "the operation")
    desk.look("researcher_3_corrected")
    desk.click(panel, "measure_fold")
    desk.click(panel, "measure")
    desk.wait(lambda: state.measured is not None, "the measurements")
    desk.click_row(panel, "lesions", 0)
    desk.look("researcher_4_measured")
    desk.click_and_name_file(panel, "report", report)
    finish(desk, panel)
    desk.look("researcher_5_report")


def methods_person(desk: Desk, case: Path, models: tuple[str, str], table: Path) -> None:
    """Two models on one case: segment with both, compare, swipe, save the table."""
    from qtpy.QtCore import QPoint

    panel = open_panel(desk, "Segment")
    desk.drop(panel, case)
    desk.wait(lambda: bool(panel.controller.state.present), "the case")
    for number, model in enumerate(models):
        if number or panel.controller.state.model != model:
            desk.choose(panel, "models", model)
        desk.click(panel, "run")
        finish(desk, panel)
        desk.look(f"methods_{number + 1}_{model}")
    compare = open_panel(desk, "Compare")
    state = compare.controller.state
    desk.click(compare, "run")
    desk.wait(lambda: state.comparison is not None, "the comparison")
    desk.look("methods_3_difference")
    desk.click(compare, "swipe")
    line = compare.swipe.divider
    start = QPoint(line.width() // 2, line.height() // 4)
    desk.drag(line, start, start - QPoint(line.parentWidget().width() // 8, 0), "drag the line")
    desk.look("methods_4_swipe")
    desk.click_and_name_file(compare, "save_agreement", table)


def open_panel(desk: Desk, name: str) -> Any:
    """Opens a panel from napari's menu."""
    desk.menu("Plugins", "ShaSpec", name)
    docks = desk.viewer.window.dock_widgets
    desk.wait(lambda: any(title.startswith(name) for title in docks), name)
    return next(panel for title, panel in docks.items() if title.startswith(name))


def finish(desk: Desk, panel: Any) -> None:
    """Waits for the job of a panel; ends the task if it failed."""
    from napari_shaspec.jobs.state import Status

    state = panel.controller.state
    desk.wait(lambda: not state.status.busy, "the end of a job")
    if state.status is not Status.DONE:
        raise OutOfReachError(state.message.text)


def two_of(case: Path, folder: Path) -> Path:
    """A folder with only the two sequences of the researcher."""
    found = [
        p for p in sorted(case.iterdir()) if any(f"_{word}." in p.name.lower() for word in TWO)
    ]
    if len(found) != len(TWO):
        raise SystemExit(f"{case}: needs one file each of {' and '.join(TWO)}, has {len(found)}")
    target = folder / case.name
    target.mkdir()
    for path in found:
        shutil.copy(path, target / path.name)
    return target


def main() -> int:
    """Do both tasks; returns the exit code."""
    from shaspec.io import write_case
    from shaspec.phantom import DEMO_SEED, make_case

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", type=Path, help="folder of a real case; default: a phantom")
    parser.add_argument("--size", default="64,80,72", help="voxels of the phantom")
    parser.add_argument("--models", default="shaspec,zero-fill", help="those that are compared")
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--large", action="store_true", help="with large type")
    parser.add_argument("--task", default="both", choices=("both", "researcher", "methods"))
    parser.add_argument("--out", type=Path, default=Path("results/tasks"))
    options = parser.parse_args()
    first, second = options.models.split(",")
    failed = False
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        case = options.case
        if case is None:
            shape = tuple(int(n) for n in options.size.split(","))
            case = folder / "phantom"
            write_case(case, make_case(DEMO_SEED, shape=shape))
        (folder / "two").mkdir()
        two = two_of(case, folder / "two")
        tasks: dict[str, Callable[[Desk], None]] = {
            "researcher": lambda desk: researcher(desk, two, folder / "report.html"),
            "methods": lambda desk: methods_person(
                desk, case, (first, second), folder / "comparison.csv"
            ),
        }
        for name, task in tasks.items():
            if options.task in {"both", name}:
                failed |= not done(name, task, options)
    return int(failed)


def done(name: str, task: Callable[[Desk], None], options: argparse.Namespace) -> bool:
    """Does one task in a new window and prints its clicks; False: too many, or not finished."""
    import napari
    from napari.settings import get_plugin_settings, get_settings

    get_settings().appearance.theme = options.theme
    get_plugin_settings("napari-shaspec").display.large_type = options.large
    viewer = napari.Viewer(show=False)
    viewer.window._qt_window.setGeometry(0, 0, *SCREEN)
    viewer.window.show()
    viewer.window._qt_window.setGeometry(0, 0, *SCREEN)
    desk = Desk(viewer, options.out / options.theme)
    problem = ""
    try:
        task(desk)
    except OutOfReachError as error:
        problem = f"; NOT FINISHED: {error}"
        desk.look(f"{name}_stuck")
    finally:
        viewer.close()
    print(f"{name}: {desk.clicks} clicks of at most {MOST[name]}, {desk.keys} keys{problem}")
    print(f"  {', '.join(desk.said)}", flush=True)
    return not problem and desk.clicks <= MOST[name]


if __name__ == "__main__":
    sys.exit(main())
