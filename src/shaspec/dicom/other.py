"""DICOM files that are not images of a scan: reports, screenshots, documents, structures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shaspec.dicom.patient import Hidden, Words, described

DIRECTORY = "1.2.840.10008.1.3.10"
"""Class of a DICOMDIR."""


@dataclass(frozen=True)
class Other:
    """What the header of such a file says."""

    study: str
    series: str
    number: int | None
    description: str = field(repr=False)
    """As written, so it may contain the name of the patient."""
    kind: str
    """Kind of the object, e.g. ``Encapsulated PDF``."""
    words: Words = field(repr=False)
    """What identifies the patient."""


def kind_of(sop_class: str) -> str:
    """The name of a SOP class, e.g. ``Secondary Capture Image``."""
    from pydicom.uid import UID

    name = str(UID(sop_class).name)
    return name.removesuffix(" Storage") if name != sop_class else "object of a manufacturer"


def left_out(others: Sequence[Other], hidden: Hidden) -> tuple[str, ...]:
    """A sentence without its end for each series that is not an image of a scan.

    Args:
        others: files of an examination.
        hidden: what identifies the patient.
    """
    counts = Counter(other.series for other in others)
    first = {other.series: other for other in reversed(others)}
    shown = sorted(first.values(), key=lambda other: (other.number or 0, other.series))
    return tuple(
        f"series {o.number or 0} ({described(o.description, hidden) or 'no description'}): "
        f"{o.kind}, {counts[o.series]} file{'s' * (counts[o.series] > 1)}, no image of a scan"
        for o in shown
    )
