"""Scans that are not registered, and registrations of them without the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shaspec.io.volumes import Volume
from shaspec.registration import Registration, Rigid

REGISTER = "shaspec.preparation.prepared.register"
"""The function that is replaced."""
POSE = Rigid.about((0, 0, 0), (0.1, -0.15, 0.1), (9, -12, 6))
DOUBTFUL = Registration(POSE, 0.1, 0.2, distance=12.0, spread=9.0)
SOUND = replace(DOUBTFUL, spread=0.1)


def scans(head) -> dict[str, Volume]:
    return {
        name: Volume(array, head.grid, Path(f"x_{name.lower()}.nii.gz"))
        for name, array in head.volumes.items()
    }
