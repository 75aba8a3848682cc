"""Fingerprints of volumes, to recognise training cases regardless of their file names."""

from __future__ import annotations

from collections.abc import Mapping
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


class Repeats:
    """Recognises cases that have a scan of an earlier case, whatever their names."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def notice(self, case: Case) -> str:
        """What to tell about a case with a scan of an earlier one; empty for all others."""
        first = {
            modality: self._first.setdefault(digest, case.name)
            for modality, digest in fingerprint(case).items()
        }
        return repeat_notice({m: other for m, other in first.items() if other != case.name})


def repeat_notice(same: Mapping[str, str]) -> str:
    """The notice about a case with scans of others; empty if there are none.

    Args:
        same: modality -> the earlier case with the same scan.
    """
    if not same:
        return ""
    cases = " and ".join(dict.fromkeys(same.values()))
    return (
        f"{', '.join(same)}: the same voxels as in case {cases}, so one patient counts twice; "
        "leave one out"
    )
