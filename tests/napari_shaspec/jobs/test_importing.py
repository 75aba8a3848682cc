"""While a library is imported, nothing looks for garbage."""

from __future__ import annotations

import gc
import weakref

import pytest

from napari_shaspec.jobs.importing import importing


class Node:
    """Garbage, if it refers to itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collections():
    """How often Python has looked for garbage."""
    seen: list[int] = []

    def note(phase, info):
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def many() -> list[list[int]]:
    return [[k] for k in range(3 * gc.get_threshold()[0])]


def test_many_new_objects_are_not_looked_at(collections):
    with importing():
        kept = many()
    assert collections == []
    assert gc.isenabled()
    kept += many()
    assert collections


def test_garbage_of_the_block_is_freed_later():
    with importing():
        garbage = weakref.ref(Node())
    assert garbage() is not None
    gc.collect()
    assert garbage() is None


def fails() -> None:
    with importing():
        with importing():
            pass
        assert not gc.isenabled()
        raise ImportError


def test_an_error_and_a_block_inside_of_another_leave_everything_as_it_was():
    with pytest.raises(ImportError):
        fails()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
