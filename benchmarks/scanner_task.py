"""From a DICOM folder to a DICOM SEG in a real window, with the mouse, and a picture of every step.

    xvfb-run -a -s "-screen 0 1366x768x24" python -m benchmarks.scanner_task CASE [--size 1366x768]
        [--out FOLDER]

CASE is a stripped, registered case of the task ``brats``. `made_up_exam` puts its brain into a
head, in another pose for every sequence, and writes DICOM; the rest is done with clicks: the folder
is dropped, the series are accepted, the case is prepared with a look at every registration, one of
them is adjusted by hand, the brain mask is painted, the result is saved as DICOM SEG on a scan that
was moved. Every picture is taken in both themes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.desk import Desk, OutOfReachError, rest
from benchmarks.made_up_exam import NUMBERS, THICK, write_exam
from benchmarks.people import finish, open_panel


def main() -> int:
    """Do the task; returns the exit code."""
    import napari
    from napari.settings import get_settings

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", default="1366x768", help="of the screen, as given to Xvfb")
    parser.add_argument("--out", type=Path, default=Path("results/scanner"))
    options = parser.parse_args()
    before = get_settings().appearance.theme
    viewer = napari.Viewer(show=False)
    window = viewer.window._qt_window
    width, height = (int(part) for part in options.size.split("x"))
    window.setGeometry(0, 0, width, height)
    viewer.window.show()
    window.setGeometry(0, 0, width, height)
    desk = Desk(viewer, options.out)
    problem = ""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_exam(options.case, folder / "exam", np.random.default_rng(options.seed))
        try:
            scanner(desk, folder)
        except OutOfReachError as error:
            problem = f"; NOT FINISHED: {error}"
            desk.look("stuck")
        finally:
            viewer.close()
            get_settings().appearance.theme = before
    print(f"{desk.clicks} clicks, {desk.keys} keys{problem}")
    print(f"  {', '.join(desk.said)}", flush=True)
    return int(bool(problem))


def scanner(desk: Desk, folder: Path) -> None:
    """The task."""
    from napari_shaspec.dicom.dialog import SeriesDialog
    from napari_shaspec.segment.prepare_dialog import PicturesDialog, PrepareDialog

    panel = open_panel(desk, "Segment")
    state = panel.controller.state

    def series(dialog: Any) -> None:
        both(desk, "01_series")
        desk.click(dialog, "series_ok")

    during(desk, SeriesDialog, series, lambda: desk.drop(panel, folder / "exam"))
    desk.wait(lambda: len(state.present) == len(THICK), "the case")
    both(desk, "02_opened")

    def how(dialog: Any) -> None:
        if not desk.find(dialog, "prepare_check").isChecked():
            desk.click(dialog, "prepare_check")
        both(desk, "03_prepare")
        press(desk, dialog, "Prepare")

    during(desk, PrepareDialog, how, lambda: desk.click(panel, "prepare"))
    judge(desk, panel)
    if state.message.level == "error" or not state.case.endswith("prepared"):
        raise OutOfReachError(state.message.text)
    both(desk, "07_prepared")

    def look(dialog: Any) -> None:
        both(desk, "08_pictures")
        press(desk, dialog, "Close")

    during(desk, PicturesDialog, look, lambda: desk.click(panel, "prepared_pictures"))
    paint(desk, panel)
    desk.click(panel, "run")
    finish(desk, panel)
    both(desk, "12_segmented")
    save(desk, panel, folder)


def judge(desk: Desk, panel: Any) -> None:
    """Looks at every registration; adjusts the first one by a millimetre."""
    from qtpy.QtWidgets import QApplication

    from napari_shaspec.segment.nudge_dialog import NudgeDialog
    from napari_shaspec.segment.prepare_dialog import DoubtDialog

    state, seen = panel.controller.state, []

    def move(nudge: Any) -> None:
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        desk.click(nudge, "nudge_left")
        QTest.keyClick(desk.find(nudge, "nudge_left"), Qt.Key.Key_Up)
        desk.keys += 1
        rest(2)
        both(desk, "05_adjust")
        desk.click(nudge, "nudge_fields")
        rest(2)
        both(desk, "06_checkerboard")
        desk.click(nudge, "nudge_use")

    def poll() -> None:  # a dialog keeps whoever waits for it from going on
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, DoubtDialog) and dialog.windowTitle() not in seen:
            seen.append(dialog.windowTitle())
            rest(0.5)
            if len(seen) == 1:
                both(desk, "04_registration")
                then(NudgeDialog, move)
                desk.click(dialog, "adjust")
            else:
                press(desk, dialog, "Use ")
        if state.status.busy or state.doubtful is not None or not seen:
            later(poll)

    later(poll)
    desk.wait(
        lambda: bool(seen) and not state.status.busy and state.doubtful is None,
        "the registrations",
    )


def paint(desk: Desk, panel: Any) -> None:
    """Paints a stroke into the brain mask and strips again."""
    from qtpy.QtCore import QPoint

    state = panel.controller.state
    before = state.case
    desk.click(panel, "edit_mask")
    desk.wait(lambda: state.brain_mask == "edited", "the mask")
    both(desk, "09_mask")
    canvas = desk.viewer.window._qt_viewer.canvas.native
    centre = canvas.rect().center()
    desk.drag(canvas, centre - QPoint(150, 60), centre - QPoint(110, 60))
    both(desk, "10_painted")
    desk.click(panel, "strip_again")
    desk.wait(lambda: state.case != before and not state.status.busy, "the second preparation")
    both(desk, "11_stripped_again")


def save(desk: Desk, panel: Any, folder: Path) -> None:
    """Saves the result on a series that was moved, and reads it back."""
    import pydicom
    from qtpy.QtWidgets import QFileDialog

    from napari_shaspec.assign.option_dialog import OptionDialog

    state = panel.controller.state
    target = folder / "result.dcm"

    def name(dialog: Any) -> None:
        both(desk, "13_save")
        type_path(desk, dialog, str(target))

    def source(dialog: Any) -> None:
        type_path(desk, dialog, str(folder / "exam"))

    def which(dialog: Any) -> None:
        both(desk, "14_which_series")
        press(desk, dialog, f"series {NUMBERS['T1ce']}")

    later(lambda: then(QFileDialog, source, skip=1))
    later(lambda: then(OptionDialog, which))  # only where two scans have one grid
    during(desk, QFileDialog, name, lambda: desk.click(panel, "save"))
    desk.wait(lambda: target.is_file() or state.message.level == "error", "the DICOM SEG")
    both(desk, "15_saved")
    if not target.is_file():
        raise OutOfReachError(state.message.text)
    print(pydicom.dcmread(target).SeriesDescription, state.message.text)


def both(desk: Desk, name: str) -> None:
    """Pictures in both themes."""
    from napari.settings import get_settings

    for theme in ("light", "dark"):
        get_settings().appearance.theme = theme
        rest(0.3)
        desk.look(f"{name}_{theme}")


def during(
    desk: Desk, kind: type[Any], act: Callable[[Any], None], begin: Callable[[], None]
) -> None:
    """Does ``begin``, which opens a dialog of a kind, and acts in it."""
    done: list[bool] = []
    failed: list[OutOfReachError] = []

    def poll() -> None:
        from qtpy.QtWidgets import QApplication

        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, kind):
            later(poll)
            return
        rest(0.5)
        try:
            act(dialog)
        except OutOfReachError as error:
            desk.look(f"stuck_in_{kind.__name__}")
            failed.append(error)
            dialog.close()
        done.append(True)

    later(poll)
    begin()
    desk.wait(lambda: bool(done), kind.__name__)
    if failed:
        raise failed[0]


def then(kind: type[Any], act: Callable[[Any], None], skip: int = 0) -> None:
    """Acts in the dialog of a kind that comes after ``skip`` others."""
    from qtpy.QtWidgets import QApplication

    seen: list[Any] = []  # kept, so that another one is another object

    def poll() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind) and dialog not in seen:
            seen.append(dialog)
            if len(seen) > skip:
                rest(0.5)
                act(dialog)
                return
        later(poll)

    later(poll)


def later(act: Callable[[], None]) -> None:
    """Calls ``act`` when the window lives, also in a dialog."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(100, act)


def press(desk: Desk, dialog: Any, text: str) -> None:
    """Clicks the button of a dialog whose text begins so."""
    from qtpy.QtWidgets import QPushButton

    for button in dialog.findChildren(QPushButton):
        if button.isVisible() and button.text().replace("&", "").startswith(text):
            desk._hit(button, button.rect().center(), text)
            return
    raise OutOfReachError(f"button {text} is not there")


def type_path(desk: Desk, dialog: Any, path: str) -> None:
    """Types a path into a file dialog and presses Enter."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QLineEdit

    edit = dialog.findChild(QLineEdit, "fileNameEdit")
    edit.clear()
    QTest.keyClicks(edit, path)
    desk.keys += len(path) + 1
    QTest.keyClick(edit, Qt.Key.Key_Return)


if __name__ == "__main__":
    sys.exit(main())
