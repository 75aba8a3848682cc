"""A batch of changes of the layers."""

from __future__ import annotations

import gc
import weakref

import pytest
from napari.components import ViewerModel

from napari_shaspec.layers.batch import batch


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_a_batch_is_one_batch_of_napari_even_if_a_change_fails() -> None:
    viewer, seen = ViewerModel(), []
    viewer.layers.events.begin_batch.connect(lambda: seen.append("begin"))
    viewer.layers.events.end_batch.connect(lambda: seen.append("end"))
    with pytest.raises(KeyError), batch(viewer):
        raise KeyError
    assert seen == ["begin", "end"]
    assert gc.get_freeze_count() == 0


def test_a_collection_at_the_end_of_a_batch_leaves_earlier_objects_to_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    viewer = ViewerModel()
    viewer.layers.events.end_batch.connect(lambda: gc.collect())
    gc.disable()
    try:
        cycle = Cycle()
        there = weakref.ref(cycle)
        del cycle
        with batch(viewer):
            pass
        assert there() is not None
        gc.collect()
        assert there() is None
    finally:
        gc.enable()
