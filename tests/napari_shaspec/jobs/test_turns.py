"""Calls in turns of the event loop: in order, one at a time, none lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_shaspec.jobs.turns import Turns, at_once, later


class Waiting(list):
    """Calls that wait for another turn."""

    def turn(self):
        assert len(self) == 1, "two functions at a time"
        self.pop()()


def steps(told, name, count):
    for k in range(count):
        told.append((name, k))
        yield
    told.append((name, count))


@given(st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(0, 4))))
def test_functions_and_their_steps_come_in_order_each_in_a_turn_of_its_own(plan):
    waiting, told, expected = Waiting(), [], []
    turns = Turns(waiting.append)

    def function(name, count):
        return told.append((name, 0)) if count is None else steps(told, name, count)

    for name, (count, between) in enumerate(plan):
        turns.call(lambda name=name, count=count: function(name, count))
        expected += [(name, k) for k in range((count or 0) + 1)]
        for _ in range(between):
            if waiting:
                before = len(told)
                waiting.turn()
                assert len(told) - before <= 1
    while waiting:
        waiting.turn()
    assert told == expected


def test_an_error_of_one_keeps_no_other_from_its_turn():
    waiting, told = Waiting(), []
    turns = Turns(waiting.append)

    def broken():
        yield
        raise ValueError("a step")

    turns.call(broken)
    turns.call(lambda: told.append("next"))
    with pytest.raises(ValueError, match="a step"):
        waiting.turn()
    waiting.turn()
    assert told == ["next"]
    assert not waiting


def test_what_waits_is_done_though_nobody_else_keeps_it(qtbot):
    told = []
    Turns().call(lambda: steps(told, "a", 2))
    qtbot.waitUntil(lambda: len(told) == 3)


def test_at_once_does_all_steps():
    told = []
    at_once(steps(told, "a", 2))
    at_once(None)
    assert told == [("a", 0), ("a", 1), ("a", 2)]


def test_between_two_steps_the_window_draws_and_hears_its_timers(qtbot):
    order = []

    class Drawn(QWidget):
        def paintEvent(self, event):
            order.append("drawn")

    widget = Drawn()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: bool(order))
    timer = QTimer()
    timer.timeout.connect(lambda: order.append("timer"))
    timer.start(0)
    order.clear()

    def work():
        for _ in range(2):
            order.append("step")
            widget.update()
            yield

    turns = Turns(later)
    turns.call(work)
    turns.call(lambda: order.append("end"))
    qtbot.waitUntil(lambda: "end" in order)
    timer.stop()
    first, second, end = (k for k, what in enumerate(order) if what in ("step", "end"))
    for between in (order[first:second], order[second:end]):
        assert {"drawn", "timer"} <= set(between)
