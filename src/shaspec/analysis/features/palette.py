"""Colours of points in figures and in napari."""

from __future__ import annotations

COLOURS = ("#4477aa", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#66ccee", "#bbbbbb")
"""Of modalities or kinds of features, in order; Tol's bright scheme, safe for colour blindness."""
NOTHING = "#777777"
"""Of voxels in no region."""
