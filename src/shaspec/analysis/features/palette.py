"""Colours of points in figures and in napari."""

from __future__ import annotations

COLOURS = ("#4477aa", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#66ccee", "#bbbbbb")
"""Colours of modalities or kinds of features: Tol's bright scheme, safe for colour blindness."""
NOTHING = "#777777"
"""Colour of voxels in no region."""
