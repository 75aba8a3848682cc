"""The scatter plot with a real canvas."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_shaspec.features.scatter import Scatter


@pytest.fixture
def plot(qtbot, make_napari_viewer):
    """A shown plot of 100,000 points; a viewer, as a panel has one."""
    make_napari_viewer()
    plot = Scatter()
    qtbot.addWidget(plot)
    plot.resize(400, 280)
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(100_000, 2)).astype(np.float32)
    plot.show_points(xy, np.tile([0.2, 0.5, 0.9, 1.0], (len(xy), 1)))
    plot.show()
    qtbot.waitExposed(plot)
    qtbot.waitUntil(lambda: plot._points.visible, timeout=5000)
    return plot, xy


def drag(qtbot, native, corners, modifier=Qt.KeyboardModifier.NoModifier):
    """Press at the first corner, move over the others, release at the last."""
    points = [QPoint(int(x), int(y)) for x, y in corners]
    qtbot.mousePress(native, Qt.MouseButton.LeftButton, modifier, points[0])
    for point in points[1:]:
        qtbot.mouseMove(native, point)
        qtbot.wait(10)
    qtbot.mouseRelease(native, Qt.MouseButton.LeftButton, modifier, points[-1])


def test_a_lasso_finds_the_points_inside_its_outline(plot, qtbot):
    plot, xy = plot
    native = plot._canvas.native
    width, height = native.width(), native.height()
    corners = [(2, 2), (width / 2, 2), (width / 2, height - 2), (2, height - 2)]  # the left half
    plot.lasso = True
    with qtbot.waitSignal(plot.lassoed, timeout=5000) as found:
        drag(qtbot, native, corners)
    mask = found.args[0]
    rect = plot._view.camera.rect
    middle = (rect.left + rect.right) / 2
    seen = (xy[:, 0] > rect.left) & (np.abs(xy[:, 1]) < 2)
    expected = xy[:, 0] < middle
    assert (mask[seen] == expected[seen]).mean() > 0.98


def test_marked_points_stand_out_on_the_canvas(plot, qtbot):
    plot, xy = plot
    before = plot._canvas.render()[..., :3].astype(int)
    plot.show_marked(xy[:, 0] > 0)
    after = plot._canvas.render()[..., :3].astype(int)
    yellow = (after[..., 0] > 200) & (after[..., 1] > 150) & (after[..., 2] < 80)
    assert not ((before[..., 0] > 200) & (before[..., 2] < 80)).any()
    assert yellow.sum() > 500
    assert np.argwhere(yellow)[:, 1].min() > 0.4 * after.shape[1]
    plot.show_marked(None)
    np.testing.assert_array_equal(plot._canvas.render()[..., :3].astype(int), before)


def test_while_the_view_moves_few_points_are_drawn_and_all_at_rest(plot, qtbot):
    plot, _ = plot
    qtbot.waitUntil(lambda: plot._points.visible, timeout=5000)
    plot._view.camera.zoom(0.9)
    assert plot._few.visible
    assert not plot._points.visible
    qtbot.waitUntil(lambda: plot._points.visible, timeout=5000)
    assert not plot._few.visible


def test_other_points_take_their_place(plot, qtbot):
    plot, _ = plot
    plot.show_points(np.array([[100.0, 100.0], [101.0, 101.0]]), np.ones((2, 4)))
    assert plot._view.camera.rect.left > 90
    plot.show_points(np.zeros((0, 2)), np.zeros((0, 4)))
    assert not plot.isVisible()
