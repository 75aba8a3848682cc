"""SNOMED CT codes of labels, so that other programs can identify them.

The codes are those that DICOM and 3D Slicer use for segments. Labels are looked up by title; an
unknown label is coded as *Tissue*.
"""

from __future__ import annotations

from dataclasses import dataclass

from shaspec.task import Label

CONTEXTS = (
    "Segmentation category and type - 3D Slicer General Anatomy list",
    "Anatomic codes - DICOM master list",
)


@dataclass(frozen=True)
class Code:
    """A concept of SNOMED CT."""

    value: str
    meaning: str


@dataclass(frozen=True)
class Term:
    """The meaning of a segment: a category, a type within it and, if needed, a location."""

    category: Code
    type: Code
    region: Code | None = None


ALTERED = Code("49755003", "Morphologically Altered Structure")
ANATOMY = Code("123037004", "Anatomical Structure")
TISSUE = Code("85756007", "Tissue")
BRAIN = Code("12738006", "Brain")
LIVER = Code("10200004", "Liver")

UNKNOWN = Term(TISSUE, TISSUE)
NECROSIS = Term(ALTERED, Code("6574001", "Necrosis"), BRAIN)
OEDEMA = Term(ALTERED, Code("79654002", "Edema"), BRAIN)
# Not "Neoplasm, Primary": an image does not exclude a metastasis.
ENHANCING = Term(ALTERED, Code("108369006", "Neoplasm"), BRAIN)

TERMS = {
    "necrotic and non-enhancing core": NECROSIS,
    "oedema": OEDEMA,
    "enhancing tumour": ENHANCING,
    "liver": Term(ANATOMY, LIVER),
    "liver with its vessels": Term(ANATOMY, LIVER),
    "liver tumour": Term(ALTERED, Code("4147007", "Mass"), LIVER),
}


def term_of(label: Label) -> Term:
    """The meaning of a label by its title; `UNKNOWN` for titles not listed here."""
    return TERMS.get(label.title.lower(), UNKNOWN)


def slicer_entry(term: Term) -> str:
    """The term in the format of 3D Slicer: contexts and codes joined by ``~``, parts by ``^``."""
    types, regions = CONTEXTS
    none = "^^"
    parts = (types, _triple(term.category), _triple(term.type), none)
    return "~".join((*parts, regions, _triple(term.region) if term.region else none, none))


def _triple(code: Code) -> str:
    return f"SCT^{code.value}^{code.meaning}"
