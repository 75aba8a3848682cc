"""The clock of a run and its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from shaspec.training.clock import Clock, Interval


@dataclass
class Hand:
    """A clock that is moved by hand."""

    minutes: float


def test_an_alarm_rings_once_in_its_time() -> None:
    clock = Hand(7.0)
    interval = Interval(cast(Clock, clock), 5.0)
    clock.minutes = 12.0
    assert not interval.is_over()
    clock.minutes = 12.1
    assert interval.is_over()
    assert not interval.is_over()
    clock.minutes = 17.2
    assert interval.is_over()
