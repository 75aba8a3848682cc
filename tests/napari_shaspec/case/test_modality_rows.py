"""The rows follow the layers of the viewer; changes that come together are followed once."""

from __future__ import annotations

from typing import Any

import pytest
from napari.components import ViewerModel

from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.controller import SegmentController


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("n", [1, 2])
def test_rows_and_view_change_once_when_all_layers_are_removed(
    controller: SegmentController, viewer: ViewerModel, make_case: Any, view: View, n: int
) -> None:
    for k in range(n):
        add_case(viewer, make_case(f"case {k}", seed=k))
    controller.segment()
    controller.set_view(view)
    changes: list[Any] = []
    controller.state.events.sources.connect(changes.append)
    viewer.layers.clear()
    assert len(changes) == 1
    assert not any(controller.state.sources.values())
    assert not controller.state.present
    assert not controller.state.choices
    assert not list(viewer.layers)
    add_case(viewer, make_case("next"))
    assert all(controller.state.sources.values())
    assert controller.state.case == "next"


def test_layers_that_are_exchanged_in_one_batch_fill_their_rows(
    controller: SegmentController, viewer: ViewerModel, make_case: Any
) -> None:
    add_case(viewer, make_case())
    old = controller.state.sources["T1"]
    data, options, _ = old.as_layer_data_tuple()
    with viewer.layers.batched_update():
        viewer.layers.remove(old)
        assert controller.state.sources["T1"] is old
        new = type(old)(data, **options)
        viewer.layers.append(new)
    assert controller.state.sources["T1"] is new
    assert "T1" in controller.state.present


def test_a_batch_that_fails_is_followed(
    controller: SegmentController, viewer: ViewerModel, make_case: Any
) -> None:
    add_case(viewer, make_case())
    removed = next(iter(controller.state.sources.values()))

    def fail() -> None:
        with viewer.layers.batched_update():
            viewer.layers.remove(removed)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert removed not in controller.state.sources.values()
