"""Slow work that napari waits for."""

from __future__ import annotations

import threading

import pytest
from qtpy.QtCore import QTimer

from napari_shaspec.jobs.waiting import alive
from shaspec.errors import InputError


def refused() -> None:
    raise InputError("no volume is there")


def test_without_a_window_the_work_is_done_in_this_thread() -> None:
    assert alive(threading.get_ident, "reading") == threading.get_ident()
    with pytest.raises(InputError, match="no volume"):
        alive(refused, "reading")


def test_with_a_window_the_event_loop_runs_while_the_work_is_done(make_napari_viewer) -> None:
    viewer = make_napari_viewer()
    ticked = threading.Event()
    QTimer.singleShot(0, ticked.set)
    assert alive(lambda: ticked.wait(60), "reading")  # the timer fires during the work
    assert alive(threading.get_ident, "reading") != threading.get_ident()
    with pytest.raises(InputError, match="no volume"):
        alive(refused, "reading")
    assert not viewer.layers
