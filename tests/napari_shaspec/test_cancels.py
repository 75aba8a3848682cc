"""A short form of ``python -m benchmarks.cancels``, with pretended sessions."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from napari_shaspec import chosen_engine

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.gui


def test_cancelled_and_closed_jobs_leave_no_thread_layer_or_widget(
    make_napari_viewer, monkeypatch, engine, make_case
):
    monkeypatch.syspath_prepend(str(ROOT))
    sys.modules.pop("benchmarks", None)
    from benchmarks.cancels import WAYS, Window, grown

    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    engine.options = {"pause": 0.005, "windows": 40}
    window, rng = Window(lambda: make_napari_viewer(show=True), "", make_case()), Random(1)
    for way in WAYS:  # what is made once is there after this
        window.disturb(way, 0.03, rng)
    before = window.held()
    ran = [window.disturb(way, 0.05 * rng.random(), rng) for way in WAYS * 2]
    assert grown(before, window.held()) == {}
    assert all(ran)
    assert sum(session.closed for session in engine.sessions) >= len(ran)
