"""Fingerprints of volumes, to recognise training cases regardless of their file names."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.preprocessing import foreground_box


def fingerprint(case: Case) -> dict[str, str]:
    """Modality -> 16 hex digits of its voxel values.

    Name, file type, orientation and empty margins of the case make no difference.
    """
    return {name: volume_fingerprint(case.volumes[name]) for name in case.present}


def volume_fingerprint(volume: npt.NDArray[Any]) -> str:
    """16 hex digits of the values of one array (S, P, L), as float32, inside its foreground box."""
    inside = np.ascontiguousarray(volume[foreground_box(volume)], dtype="<f4")
    digest = blake2b(repr(inside.shape).encode(), digest_size=8)
    digest.update(inside.data)
    return digest.hexdigest()
