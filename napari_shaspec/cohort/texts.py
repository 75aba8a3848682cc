"""What the panel *Many cases* says about its cases and its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_shaspec.cohort.state import Row

SHOWN = 2


def summary(rows: Sequence[Row]) -> str:
    """E.g. ``6 cases: 4 done, 1 failed, 1 waiting.``"""
    counts = {s: sum(row.status == s for row in rows) for s in ("done", "failed", "waiting")}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(rows)} case{'s' * (len(rows) != 1)}: {said}."


def repeats_text(said: Mapping[str, str]) -> str:
    """Names the cases with files of other cases; the rest is in their notes."""
    first = "; ".join(f"{case}: {text}" for case, text in list(said.items())[:SHOWN])
    return first + (f"; and {len(said) - SHOWN} more: see the notes" * (len(said) > SHOWN))


def time_text(seconds: float) -> str:
    """E.g. ``40 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
