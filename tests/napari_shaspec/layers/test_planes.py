"""Three linked planes on models without a window: they follow the viewer and put it back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Labels, Points

from napari_shaspec.layers.layer_data import labels_layer
from napari_shaspec.layers.orientation import Plane, edges_of
from napari_shaspec.layers.planes import Planes
from napari_shaspec.layers.viewer import add_case
from tests.napari_shaspec.fakes import CENTRE, SHAPE, ball_labels


@pytest.fixture
def case(make_case):
    return make_case()


@pytest.fixture
def result(viewer, case, task):
    """A viewer with a case and a label layer."""
    add_case(viewer, case)
    metadata = {"kind": "result", "case": case.name, "grid": case.grid}
    data, options, _ = labels_layer(ball_labels(), metadata, task, "seg")
    viewer.layers.append(Labels(data, **options))
    return viewer.layers["seg"]


@pytest.fixture
def planes(viewer, result):
    planes = Planes(viewer, wait=lambda call: call())
    planes.enter()
    yield planes
    planes.leave()


def names(model) -> list[str]:
    return [layer.name for layer in model.layers if layer.visible]


def drag(view, position, *moves, modifiers=()):
    """Presses the mouse at a point of the world, moves it by pixels, and releases it."""
    for callback in view.mouse_drag_callbacks[-1:]:
        event = SimpleNamespace(
            type="mouse_press", pos=(0, 0), position=position, button=1, modifiers=modifiers
        )
        steps = callback(view, event)
        next(steps)
        for move in moves:
            event.type, event.pos = "mouse_move", move
            next(steps)
        event.type = "mouse_release"
        assert next(steps, None) is None


def test_the_models_show_the_other_planes_of_the_same_volumes(planes, viewer, result):
    assert [plane.name for plane in planes.models] == ["CORONAL", "SAGITTAL"]
    for plane, model in planes.models.items():
        assert names(model) == ["FLAIR", "seg"]  # the other modalities are below FLAIR
        assert model.layers["seg"].data is result.data
        assert edges_of(model).right == plane.value[2]
    assert edges_of(viewer).bottom == "P"
    assert len(viewer.layers) == 6


@pytest.mark.parametrize("where", ["AXIAL", "CORONAL", "SAGITTAL"])
def test_a_click_in_one_plane_moves_all_three(planes, viewer, result, where):
    views = {Plane.AXIAL: viewer, **planes.models}
    place = tuple(result.data_to_world(CENTRE))
    drag(views[Plane[where]], place)
    assert viewer.dims.point == pytest.approx(place)
    for view in views.values():
        axis = view.dims.order[0]
        assert view.dims.current_step[axis] == CENTRE[axis]


def test_a_drag_and_a_stroke_of_the_brush_move_nothing(planes, viewer, result):
    before, place = viewer.dims.point, tuple(result.data_to_world(CENTRE))
    drag(viewer, place, (3, 9))
    drag(viewer, place, modifiers=("Alt",))
    assert viewer.dims.point == before
    viewer.layers.selection.active = result
    result.mode = "paint"
    drag(viewer, place)
    assert viewer.dims.point == before
    result.mode = "pan_zoom"
    drag(viewer, place, (1, 1))  # a hand that trembles
    assert viewer.dims.point == pytest.approx(place)


def test_sliders_of_every_plane_move_the_others(planes, viewer):
    coronal, sagittal = planes.models.values()
    viewer.dims.set_current_step(2, 5)
    assert sagittal.dims.current_step[2] == 5
    coronal.dims.set_current_step(1, 7)
    assert viewer.dims.current_step[1:] == (7, 5)


def test_what_changes_in_a_layer_changes_in_the_planes(planes, viewer, result):
    flair = viewer.layers["FLAIR"]
    flair.contrast_limits, flair.gamma, flair.colormap = (3, 60), 0.5, "magma"
    result.opacity, result.contour = 0.2, 1
    for model in planes.models.values():
        image, labels = model.layers["FLAIR"], model.layers["seg"]
        assert (*image.contrast_limits, image.gamma, image.colormap.name) == (3, 60, 0.5, "magma")
        assert (labels.opacity, labels.contour) == (0.2, 1)


def test_strokes_undo_and_new_labels_are_drawn(planes, viewer, result):
    twins = [model.layers["seg"] for model in planes.models.values()]
    drawn = []
    for twin in twins:
        twin.events.set_data.connect(lambda _, twin=twin: drawn.append(twin))
    result.paint((4, 5, 6), 4)
    assert set(map(id, drawn)) == set(map(id, twins))
    drawn.clear()
    result.undo()
    assert set(map(id, drawn)) == set(map(id, twins))
    drawn.clear()
    viewer.dims.set_current_step(0, 3)  # axial: the other planes stay where they are
    assert drawn == []
    result.data = ball_labels(2)
    assert all(twin.data is result.data for twin in twins)


def test_layers_are_shown_as_they_come_and_go(planes, viewer):
    viewer.layers["FLAIR"].visible = False
    assert all(names(model) == ["T1", "seg"] for model in planes.models.values())
    viewer.layers["T1"].opacity = 0.3
    assert all(names(model) == ["T1ce", "T1", "seg"] for model in planes.models.values())
    viewer.layers["seg"].visible = False
    viewer.layers.append(Image(np.zeros(SHAPE), name="new", opacity=0.5))
    viewer.layers.append(Points(np.zeros((1, 3)), name="points"))
    assert all(names(model) == ["T1ce", "T1", "new"] for model in planes.models.values())
    viewer.layers.move(viewer.layers.index("new"), 0)
    viewer.layers.remove("T1")
    assert all(names(model) == ["new", "T1ce"] for model in planes.models.values())


def test_leaving_puts_the_viewer_back_and_lets_go_of_it(viewer, result):
    viewer.dims.order = (2, 0, 1)
    viewer.scene.camera.orientation2d = ("up", "left")
    viewer.canvas.grid.enabled = True
    events = [
        emitter
        for owner in (viewer, viewer.layers, viewer.dims, *viewer.layers)
        for emitter in owner.events.emitters.values()
    ]
    before = [len(emitter.callbacks) for emitter in events], len(viewer.mouse_drag_callbacks)
    planes = Planes(viewer)
    planes.enter()
    assert viewer.dims.order == (0, 1, 2)
    assert not viewer.canvas.grid.enabled
    planes.leave()
    planes.leave()
    assert viewer.dims.order == (2, 0, 1)
    assert viewer.scene.camera.orientation2d == ("up", "left")
    assert viewer.canvas.grid.enabled
    assert not planes.open
    assert ([len(e.callbacks) for e in events], len(viewer.mouse_drag_callbacks)) == before
