"""What four people do in the window of napari, with the mouse and the keyboard."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

from benchmarks.desk import Desk, OutOfReachError

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


def lecturer(desk: Desk) -> None:
    """Shared and specific features of the sample case as maps and points, and the tour's lesson."""
    desk.menu("File", "Open Sample", "ShaSpec", "Phantom glioma case")
    desk.wait(lambda: len(desk.viewer.layers) > 4, "the sample")
    panel = open_panel(desk, "Features")
    state = panel.controller.state
    desk.click(panel, "run")
    finish(desk, panel)
    desk.look("lecturer_1_shared")
    desk.choose(panel, "kind", "specific")
    finish(desk, panel)
    desk.look("lecturer_2_specific")
    desk.choose(panel, "colour_by", "shared or specific")
    desk.wait(lambda: state.cloud is not None, "the points")
    desk.find(panel, "points_legend")
    desk.look("lecturer_3_points")
    desk.click(panel, "measure")
    desk.wait(lambda: state.measures is not None and not state.status.busy, "the measures")
    desk.find(panel, "copy")
    desk.look("lecturer_4_measures")
    tour = open_panel(desk, "Guided tour")
    steps = tour.controller.state.steps
    while steps[tour.controller.state.at].action != "show_stand_in":
        desk.click(tour, "next")
    desk.click(tour, "run")
    finish(desk, tour)
    desk.look("lecturer_5_tour")


def cohort(desk: Desk, cases: Path) -> None:
    """A folder of cases: segment all, accept all results but the last, and find the table."""
    panel = open_panel(desk, "Many cases")
    state = panel.controller.state
    desk.drop(panel, cases)
    desk.wait(lambda: bool(state.rows) and not state.status.busy, "the cases")
    desk.look("cohort_1_cases")
    desk.click(panel, "run")
    finish(desk, panel)
    desk.wait(lambda: len(state.pictures) == len(state.rows), "the pictures")
    desk.look("cohort_2_segmented")
    names = [row.name for row in state.rows]
    for number, name in enumerate(names):
        desk.click_row(panel, "cohort", number)
        desk.wait(lambda name=name: state.message.text.startswith(f"{name} is open"), name)
        if number == 0:
            desk.look("cohort_3_review")
        mark, button = ("rejected", "reject") if name == names[-1] else ("accepted", "accept")
        desk.click(panel, button)
        desk.wait(lambda row=number, mark=mark: state.rows[row].mark == mark, mark)
    desk.look("cohort_4_marked")
    with (state.out / "review.csv").open() as file:
        marks = [line["mark"] for line in csv.DictReader(file)]
    if marks != ["accepted"] * (len(names) - 1) + ["rejected"]:
        raise OutOfReachError(f"review.csv has the marks {marks}")
    if not (state.out / "volumes.csv").is_file():
        raise OutOfReachError("the table of the volumes is not there")


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
