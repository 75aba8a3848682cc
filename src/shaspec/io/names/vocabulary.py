"""The vocabulary of image names: the meaning of words and phrases, in general and for a task.

`vocabulary.toml` contains the words common in hospitals and data sets. A task adds its own words. A
task word that the vocabulary lists as one kind of image makes that kind an input of the task; all
others, and words that two modalities would share, are matched literally.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

Phrase = tuple[str, ...]


class Sense(StrEnum):
    """The meanings of a word. If a word has several, its neighbours decide."""

    IMAGE = "a kind of image"
    IMPLIED = "a technique that implies a kind of image"
    OWN = "a word of the task for a modality"
    GIVEN = "contrast agent"
    ABSENT = "no contrast agent"
    WITH = "with, after"
    WITHOUT = "without, before"
    HINT = "possibly contrast agent"
    BOTH = "with and without contrast agent"
    TREATMENT = "a treatment or computation"
    LABEL = "a label map"
    OWN_LABEL = "a word of the task for labels"
    TRUTH = "labels of a lesion"
    LESION = "a lesion"
    ANATOMY = "anatomy"
    EXTRACTION = "brain extraction"
    DERIVED = "not an image"
    MAP = "a quantitative map"
    ODD = "possibly not an image"
    TARGET = "to"
    LIKELY_TARGET = "in, on, registered"
    SPACE = "space"
    TWO = "2"
    PAIR = "a pair, target first"
    TEMPLATE = "a template"
    NEUTRAL = "irrelevant for the contrast"
    SCANNER = "a plane or a sequence in the protocol of a scanner"
    PERSON = "a patient, visit or study"


@dataclass(frozen=True)
class Term:
    """The senses of a phrase, and the kind of image that it names, if any."""

    senses: frozenset[Sense] = frozenset()
    kind: str = ""


@dataclass(frozen=True)
class Entities:
    """Keys of BIDS ``key-value`` pairs, by the meaning of their values."""

    ignored: frozenset[str]
    read: frozenset[str]
    agent: frozenset[str]
    target: frozenset[str]
    labels: frozenset[str]
    source: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every key."""
        words = self.ignored | self.read | self.agent | self.target
        return words | self.labels | self.source


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Phrases and their terms."""

    terms: Mapping[Phrase, Term]
    entities: Entities
    smells: tuple[str, ...]
    """Substrings of unknown words that suggest contrast agent."""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind of image -> possible modalities of the task; empty without a task."""
    has_labels: bool = True
    """False for a task without label files."""
    exempt: frozenset[str] = frozenset()
    """Words of anatomy that the task segments."""
    parts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Word -> the labels of the task that it names, if not all labels."""
    labels: frozenset[int] = frozenset()
    """All labels of the task."""
    words: frozenset[str] = field(init=False)
    """Single words of all phrases."""
    longest: int = field(init=False)
    """Words in the longest phrase."""
    entity: re.Pattern[str] = field(init=False)
    """A BIDS entity: its key and its value."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset(w for phrase in self.terms for w in phrase))
        object.__setattr__(self, "longest", max(map(len, self.terms)))
        keys = "|".join(sorted(self.entities.all))
        pattern = rf"(?i)(?<![^\W_])(?<!-)({keys})-([^\W_]+\+?)(?=$|[_\s./])"
        object.__setattr__(self, "entity", re.compile(pattern))

    def own_kind(self, kind: str) -> bool:
        """Return whether a kind is defined by the task words only."""
        return kind.startswith(OWN_KIND)


OWN_KIND = "own "

_TABLES = {
    ("contrast", "given"): Sense.GIVEN,
    ("contrast", "absent"): Sense.ABSENT,
    ("contrast", "with"): Sense.WITH,
    ("contrast", "without"): Sense.WITHOUT,
    ("contrast", "hints"): Sense.HINT,
    ("contrast", "both"): Sense.BOTH,
    ("contrast", "treatments"): Sense.TREATMENT,
    ("labels", "words"): Sense.LABEL,
    ("labels", "truths"): Sense.TRUTH,
    ("labels", "lesions"): Sense.LESION,
    ("labels", "anatomy"): Sense.ANATOMY,
    ("labels", "extraction"): Sense.EXTRACTION,
    ("derived", "always"): Sense.DERIVED,
    ("derived", "maps"): Sense.MAP,
    ("derived", "odd"): Sense.ODD,
    ("targets", "sure"): Sense.TARGET,
    ("targets", "likely"): Sense.LIKELY_TARGET,
    ("targets", "space"): Sense.SPACE,
    ("targets", "two"): Sense.TWO,
    ("targets", "pair"): Sense.PAIR,
    ("targets", "templates"): Sense.TEMPLATE,
    ("neutral", "technique"): Sense.NEUTRAL,
    ("neutral", "processing"): Sense.NEUTRAL,
    ("scanner", "words"): Sense.SCANNER,
    ("neutral", "persons"): Sense.PERSON,
}


@lru_cache(maxsize=1)
def base_vocabulary() -> Vocabulary:
    """The vocabulary without a task."""
    text = (resources.files("shaspec.io.names") / "vocabulary.toml").read_text("utf-8")
    content: dict[str, dict[str, Any]] = tomllib.loads(text)
    terms: dict[Phrase, Term] = {}
    for kind, phrases in content["images"].items():
        _add(terms, phrases, Sense.IMAGE, kind)
    for kind, phrases in content["implied"].items():
        _add(terms, phrases, Sense.IMPLIED, kind)
    for (table, key), sense in _TABLES.items():
        _add(terms, content[table][key], sense)
    entities = Entities(**{key: frozenset(words) for key, words in content["entities"].items()})
    smells = tuple(unicodedata.normalize("NFKD", s) for s in content["contrast"]["smells"])
    return Vocabulary(terms, entities, smells)


def _add(terms: dict[Phrase, Term], phrases: Iterable[str], sense: Sense, kind: str = "") -> None:
    for text in phrases:
        phrase = tuple(text.split())
        term = terms.get(phrase, Term())
        terms[phrase] = Term(term.senses | {sense}, kind or term.kind)


def with_words(
    base: Vocabulary,
    own: Mapping[str, Iterable[Phrase]],
    labels: Iterable[Phrase],
    roles: Mapping[str, tuple[str, ...]],
    exempt: Iterable[str],
    parts: Mapping[str, frozenset[int]],
) -> Vocabulary:
    """``base`` and the literal words of a task.

    Args:
        base: the vocabulary without a task.
        own: modality -> phrases that name it only.
        labels: phrases that name the labels; empty if the task has no label files.
        roles: kind of image -> modalities.
        exempt: words of anatomy that the task segments.
        parts: word -> the labels that it names, if not all; words with another meaning in the
            vocabulary are ignored.
    """
    terms = dict(base.terms)
    all_roles = dict(roles)
    for phrase in labels:
        senses = terms.get(phrase, Term()).senses & {Sense.LABEL, Sense.TRUTH, Sense.LESION}
        terms[phrase] = Term(senses | {Sense.LABEL, Sense.OWN_LABEL})
    for role, phrases in own.items():
        for phrase in phrases:
            terms[phrase] = Term(frozenset({Sense.IMAGE, Sense.OWN}), OWN_KIND + role)
        all_roles[OWN_KIND + role] = (role,)
    own_parts = {
        word: values
        for word, values in parts.items()
        if base.terms.get((word,), Term()).senses <= {Sense.GIVEN, Sense.HINT, Sense.ANATOMY}
    }
    return Vocabulary(
        terms,
        base.entities,
        base.smells,
        all_roles,
        bool(list(labels)),
        frozenset(exempt),
        own_parts,
        frozenset().union(*parts.values()),
    )
