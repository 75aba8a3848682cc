"""The edits of one label array, with undo and redo.

Edits come from napari's brush, in the layer of a result or in one of its copies in the grid, and
from operations in the panel. All change the same array, so they are found by comparing it with its
last known state, whoever made them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST = 200
"""Edits that can be undone."""
BRUSH = "brush"
"""The name of an edit without another one."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Change:
    where: Array
    """Flat indices (n,)."""
    before: Array
    after: Array
    name: str


class EditHistory:
    """Undo and redo for an array that others change in place.

    Args:
        voxels: the array.
        earlier: names of edits that were made before and cannot be undone.
    """

    def __init__(self, voxels: Array, earlier: Sequence[str] = ()) -> None:
        self.voxels = voxels
        self._earlier = tuple(earlier)
        self._known = voxels.copy()
        self._done: deque[_Change] = deque()
        self._final: Counter[str] = Counter()  # names of edits too old to be undone
        self._undone: list[_Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether an edit was undone and nothing was edited since."""
        return bool(self._undone)

    @property
    def names(self) -> list[str]:
        """What was done, e.g. ``["brush (3 strokes)", "grow WT 1 mm"]``, in order of first use."""
        counts = self._final + Counter(change.name for change in self._done)
        strokes = f"{BRUSH} ({counts[BRUSH]} stroke{'s' * (counts[BRUSH] > 1)})"
        done = [
            strokes if name == BRUSH else name + (f" (x {n})" if n > 1 else "")
            for name, n in counts.items()
        ]
        return [*self._earlier, *done]

    def record(self, name: str = BRUSH) -> bool:
        """Records what has changed since the last call as one edit; False if nothing has."""
        where = np.flatnonzero(self.voxels != self._known)
        if not where.size:
            return False
        now, before = self.voxels.flat, self._known.flat
        self._done.append(_Change(where, before[where], now[where], name))
        if len(self._done) > MOST:
            self._final[self._done.popleft().name] += 1
        self._undone.clear()
        before[where] = now[where]
        return True

    def undo(self) -> str:
        """Undoes the last edit; returns its name, empty if there is none."""
        self.record()
        if not self._done:
            return ""
        change = self._done.pop()
        self._undone.append(change)
        return self._set(change, change.before)

    def redo(self) -> str:
        """Repeats the edit that was undone last; returns its name, empty if there is none."""
        self.record()
        if not self._undone:
            return ""
        change = self._undone.pop()
        self._done.append(change)
        return self._set(change, change.after)

    def _set(self, change: _Change, values: Array) -> str:
        for array in (self.voxels, self._known):
            array.flat[change.where] = values
        return change.name
