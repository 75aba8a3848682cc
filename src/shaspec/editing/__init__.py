"""Corrections of a label map by operations on one region: fill, remove, smooth, grow, shrink.

Every function takes a label map and returns a new one. Regions are nested (ET in TC in WT), so an
operation says what becomes of the labels around the region; see `shaspec.editing.nesting`.
"""

from __future__ import annotations

from shaspec.editing.operations import (
    AMOUNTS,
    Operation,
    apply,
    fill_holes,
    grow,
    keep_largest,
    remove_islands,
    shrink,
    smooth,
)

__all__ = [
    "AMOUNTS",
    "Operation",
    "apply",
    "fill_holes",
    "grow",
    "keep_largest",
    "remove_islands",
    "shrink",
    "smooth",
]
