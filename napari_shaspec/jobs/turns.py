"""Turns of the event loop: between two of them the window draws, and hears mouse and keyboard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

Steps: TypeAlias = Iterator[None]
"""Work in steps; after each, it goes on when the window has drawn what the step has changed."""

SOON = 1  # ms; Qt calls what waits for 0 ms in the same turn, before it draws


def later(call: Callable[[], None]) -> None:
    """Calls ``call`` in another turn, when the window has been drawn; never without an
    application of Qt, as in scripts."""
    from qtpy.QtCore import QCoreApplication, QTimer

    # PySide6 frees a call that still waits after Python has ended, and the process is killed by it.
    # With an application, it frees the call in time.
    if QCoreApplication.instance() is not None:
        QTimer.singleShot(SOON, lambda: call())  # a method alone would not keep its object alive


def at_once(steps: Steps | None) -> None:
    """Does all steps in this turn: where there is no window, as in scripts and tests."""
    for _ in steps or ():
        pass


class Turns:
    """Calls functions one after the other, each in a turn of its own, and each step of theirs.

    Args:
        wait: calls a function in another turn.
    """

    def __init__(self, wait: Callable[[Callable[[], None]], None] = later) -> None:
        self._wait = wait
        self._waiting: deque[Callable[[], Steps | None]] = deque()
        self._steps: Steps | None = None
        self._going_on = False

    def call(self, function: Callable[[], Steps | None]) -> None:
        """Calls ``function`` now, or when all before it, with their steps, are done."""
        self._waiting.append(function)
        if not self._going_on:
            self._going_on = True
            self._go_on()

    def _go_on(self) -> None:
        steps, self._steps = self._steps, None
        try:
            if steps is None:
                steps = self._waiting.popleft()()
            if steps is not None and next(steps, self) is not self:
                self._steps = steps
        finally:  # an error of one keeps no other from its turn
            self._going_on = self._steps is not None or bool(self._waiting)
            if self._going_on:
                self._wait(self._go_on)
