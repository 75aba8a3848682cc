"""Swipe: two layers on the sides of a line, and nothing of it left afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QPushButton, QSlider

from napari_shaspec.compare.controller import PICTURES
from napari_shaspec.compare.divider import Divider
from napari_shaspec.compare.state import Shown
from napari_shaspec.compare.swipe import SideClipper
from napari_shaspec.layers.results import add_result
from napari_shaspec.layers.viewer import add_case
from shaspec.prediction import Prediction
from tests.napari_shaspec.fakes import SHAPE

pytestmark = pytest.mark.usefixtures("no_bugs")


def visible(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


@pytest.fixture
def pair(viewer, control, result, make_case):
    """Two results in a swipe, and what was visible before."""
    add_case(viewer, make_case())
    first, second = result(), result(("T1",))
    second.visible = False
    control.choose(first, second)
    before = visible(viewer)
    control.show(Shown.SWIPE)
    return first, second, before


def test_a_swipe_shows_both_and_hides_other_label_maps(viewer, control, pair):
    first, second, _ = pair
    viewer.layers["truth"].visible = True
    control.show(Shown.SWIPE)
    assert control.state.swiping == (first, second)
    assert (first.visible, second.visible) == (True, True)
    assert not viewer.layers["truth"].visible
    control.hold(True)
    assert control.state.swiping == ()
    assert (first.visible, second.visible) == (False, True)
    control.hold(False)
    assert control.state.swiping == (first, second)


@pytest.mark.parametrize("how", ["other pair", "closed", "removed", "case closed"])
def test_what_was_visible_before_is_visible_afterwards(viewer, control, pair, how):
    _, second, before = pair
    if how == "other pair":
        control.choose(viewer.layers["truth"], second)
    elif how == "closed":
        control.close()
    elif how == "removed":
        viewer.layers.remove(second)
    else:
        viewer.layers.clear()
        before = []
    assert control.state.swiping == ()
    assert control.state.shown is not Shown.SWIPE
    assert visible(viewer) == before


def test_a_renamed_layer_stays_in_the_swipe(control, pair):
    first, second, _ = pair
    first.name = "mine"
    assert control.state.swiping == (first, second)


def test_two_images_swipe_without_the_other_images_and_come_back(viewer, control, make_case):
    add_case(viewer, make_case())
    before = visible(viewer)
    flair, t1 = viewer.layers["FLAIR"], viewer.layers["T1"]
    control.choose(flair, t1)
    control.show(Shown.SWIPE)
    assert visible(viewer) == ["T1", "FLAIR"]
    control.show(Shown.SECOND)
    assert visible(viewer) == ["T1"]
    control.compare()
    assert control.state.message.text == PICTURES
    viewer.layers.remove(flair)
    assert control.state.first in control.state.images
    assert visible(viewer) == [name for name in before if name != "FLAIR"]


def test_a_label_map_and_an_image_cannot_be_swiped(viewer, control, result, make_case):
    add_case(viewer, make_case())
    control.choose(result(), viewer.layers["T1"])
    control.show(Shown.SWIPE)
    assert control.state.swiping == ()


# -- in a window -----------------------------------------------------------------------------------


def filled(value: int) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 4:-4, 4:-4] = value
    return labels


@pytest.fixture
def window(make_napari_viewer, qtbot, make_case):
    """A window with an ED (green) on the left and an ET (yellow) on the right of the line."""
    viewer, case = make_napari_viewer(show=True), make_case()
    viewer.window.resize(1366, 768)
    add_case(viewer, case)
    viewer.canvas.overlays.scale_bar.visible = False
    for subset, value in ((("FLAIR",), 2), (("T1",), 4)):
        made = Prediction(case.name, case.task, case.grid, subset, filled(value), {"model": "m"})
        add_result(viewer, made).opacity = 1.0
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Compare")
    first, second = viewer.layers[-2:]
    panel.controller.choose(first, second)
    qtbot.mouseClick(panel.findChild(QPushButton, "shaspec_swipe"), Qt.MouseButton.LeftButton)
    qtbot.wait(100)
    return viewer, panel


def edge(viewer) -> tuple[float, bool]:
    """Where green ends and yellow begins, as a fraction of the width; whether both are drawn."""
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    middle = picture[len(picture) // 2 - 40]
    red, green = middle[:, 0], middle[:, 1]
    yellow, only_green = (red > 180) & (green > 150), (red < 100) & (green > 120)
    if not (yellow.any() and only_green.any()):
        return -1.0, False
    end, begin = np.flatnonzero(only_green).max(), np.flatnonzero(yellow).min()
    return float((end + begin) / 2 / len(middle)), bool(end < begin)


def clipped(viewer) -> int:
    """How many filters clip a layer."""
    visuals = viewer.window._qt_viewer.canvas.layer_to_visual.values()
    return sum(isinstance(f, SideClipper) for v in visuals for f in v.node._vshare.filters)


def test_the_line_divides_both_and_follows_mouse_and_slider(window, qtbot):
    viewer, panel = window
    assert edge(viewer) == (pytest.approx(0.5, abs=0.02), True)
    divider = panel.swipe.divider
    centre = QPoint(divider.width() // 2, 40)
    qtbot.mousePress(divider, Qt.MouseButton.LeftButton, pos=centre)
    qtbot.mouseMove(divider, centre - QPoint(divider.parent().width() // 10, 0))
    qtbot.mouseRelease(divider, Qt.MouseButton.LeftButton, pos=centre)
    assert edge(viewer) == (pytest.approx(0.4, abs=0.02), True)
    slider = panel.findChild(QSlider, "shaspec_line")
    assert slider.value() == pytest.approx(400, abs=10)
    slider.setValue(550)
    assert edge(viewer) == (pytest.approx(0.55, abs=0.02), True)


@pytest.mark.parametrize("how", ["a", "removed", "cleared", "closed", "3d", "grid"])
def test_nothing_of_it_is_left_when_it_ends(window, qtbot, how):
    viewer, panel = window
    assert clipped(viewer) == 2
    canvas = viewer.window._qt_viewer.canvas.native
    ends = {
        "a": lambda: panel.controller.show(Shown.FIRST),
        "removed": lambda: viewer.layers.remove(viewer.layers[-1]),
        "cleared": viewer.layers.clear,
        "closed": lambda: viewer.window.remove_dock_widget(panel.parent()),
        "3d": lambda: setattr(viewer.dims, "ndisplay", 3),
        "grid": lambda: setattr(viewer.canvas.grid, "enabled", True),
    }
    ends[how]()
    qtbot.wait(50)
    assert clipped(viewer) == 0
    assert not [view for view in canvas.findChildren(Divider) if view.isVisible()]
    if how in {"3d", "grid"}:  # back in the single view it goes on
        viewer.dims.ndisplay, viewer.canvas.grid.enabled = 2, False
        assert clipped(viewer) == 2
        assert edge(viewer)[1]
