"""Colours of points, in figures and in napari alike."""

from __future__ import annotations

COLOURS = ("#4477aa", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#66ccee", "#bbbbbb")
"""Of modalities or kinds, in their order; Tol's bright scheme, for the colour-blind too."""
NOTHING = "#777777"
"""Of voxels that belong to no region."""
