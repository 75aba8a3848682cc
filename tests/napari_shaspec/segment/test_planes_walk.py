"""Three planes while layers, cases and views change in any order."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.controller import SegmentController

pytestmark = pytest.mark.slow

STEPS = (
    *("planes", "planes", "grid", "stack", "3d", "display", "roll", "segment", "untick", "hide"),
    *("remove", "point", "add", "close", "switch", "window", "clear"),
)


def actions(viewer, control, make_case) -> dict:
    """What a user may do, by name."""

    def topmost(change) -> None:
        if viewer.layers:
            change(viewer.layers[-1])

    def of_cases(act) -> None:
        if control.state.cases:
            act(control.state.cases[0])

    def move() -> None:
        viewer.dims.point = tuple(value - 500 for value in viewer.dims.point)

    return {
        "planes": lambda: control.set_planes(not control.state.planes),
        "grid": partial(control.set_view, View.GRID),
        "stack": partial(control.set_view, View.STACK),
        "3d": partial(control.set_view, View.THREE_D),
        "display": lambda: setattr(viewer.dims, "ndisplay", 5 - viewer.dims.ndisplay),
        "roll": viewer.dims.roll,
        "segment": control.segment,
        "untick": partial(control.tick, "T1", False),
        "hide": partial(topmost, lambda layer: setattr(layer, "visible", not layer.visible)),
        "remove": partial(topmost, viewer.layers.remove),
        "point": move,
        "add": lambda: add_case(viewer, make_case(f"case {len(viewer.layers)}")),
        "close": partial(of_cases, control.close_case),
        "switch": partial(of_cases, control.switch_case),
        "window": control.windowing.next_preset,
        "clear": viewer.layers.clear,
    }


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
@example(steps=["3d", "close"])  # closes the view, and with it layers of the case
def test_planes_are_open_or_closed_and_leave_nothing(engine, make_case, no_bugs, steps):
    viewer = ViewerModel()
    callbacks = len(viewer.mouse_drag_callbacks)
    control = SegmentController(viewer, engine=engine, run=run_here)
    can = actions(viewer, control, make_case)
    for step in ("add", "planes", *steps):
        can[step]()
        assert control.planes.open == control.state.planes
        if control.planes.open:
            assert control.state.view is View.STACK
    control.close()
    assert not control.planes.open
    assert len(viewer.mouse_drag_callbacks) == callbacks
