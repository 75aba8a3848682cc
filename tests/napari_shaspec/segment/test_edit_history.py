"""Undo and redo of edits of an array, and the names of what was done."""

from __future__ import annotations

import numpy as np

from napari_shaspec.segment.edit_history import MOST, EditHistory


def test_edits_that_are_too_old_to_be_undone_are_still_named() -> None:
    voxels = np.zeros(4, np.uint8)
    history = EditHistory(voxels)
    voxels[0] = 1
    history.record("grow WT 1 mm")
    for stroke in range(MOST + 30):
        voxels[stroke % 4] += 1
        history.record()
    assert history.names == ["grow WT 1 mm", f"brush ({MOST + 30} strokes)"]
    while history.undo():
        pass
    assert history.names == ["grow WT 1 mm", "brush (30 strokes)"]
    assert not history.can_undo
