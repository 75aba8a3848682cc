"""The vocabulary of one task: the kinds of image of its modalities, and its own words."""

from __future__ import annotations

from functools import lru_cache

from shaspec.io.names.parse import image_kind
from shaspec.io.names.parts import Parts
from shaspec.io.names.reading import Certainty
from shaspec.io.names.tokens import CHUNK, fold, tokenise
from shaspec.io.names.vocabulary import Phrase, Vocabulary, base_vocabulary, with_words
from shaspec.task import Task

Words = tuple[tuple[str, tuple[str, ...]], ...]
PartWords = tuple[tuple[str, frozenset[int]], ...]
Named = tuple[frozenset[int], tuple[str, ...], str]
"""Labels, their names and words, and their title."""
CACHED = 32  # tasks
TITLE_WORD = 4  # minimum letters of a word in a title that may name a label


def task_vocabulary(task: Task) -> Vocabulary:
    """The vocabulary for reading names as files of ``task``."""
    words = tuple((m.name, (m.name, *m.words)) for m in task.modalities)
    segmented = (*(label.name for label in task.labels), *task.region_names)
    every = frozenset(label.value for label in task.labels)
    return _vocabulary(words, task.label_words, segmented, _parts(_named(task), every))


def _named(task: Task) -> tuple[Named, ...]:
    """The labels and regions of ``task``, and the background."""
    labels = [
        (frozenset({label.value}), (label.name, *label.words), label.title) for label in task.labels
    ]
    regions = [(frozenset(r.labels), (r.name,), r.title) for r in task.regions]
    return (*labels, (frozenset(), tuple(task.background_words), ""), *regions)


@lru_cache(maxsize=CACHED)
def _parts(named: tuple[Named, ...], every: frozenset[int]) -> PartWords:
    """Words for single labels -> the labels that they name, if not ``every`` one."""
    values_by_part: dict[str, set[int]] = {}
    for values, names, title in named:
        words = {name for name in names if len(_phrase(name)) == 1}
        words |= {word for word in title.split() if len(word) >= TITLE_WORD}
        for word in words:
            values_by_part.setdefault("".join(_phrase(word)), set()).update(values)
    return tuple((word, frozenset(v)) for word, v in values_by_part.items() if word and v != every)


@lru_cache(maxsize=CACHED)
def _vocabulary(
    words: Words, label_words: tuple[str, ...], segmented: tuple[str, ...], parts: PartWords
) -> Vocabulary:
    base = base_vocabulary()
    kinds: dict[str, set[str]] = {}
    for role, texts in words:
        for text in texts:
            if kind := _kind(text, base):
                kinds.setdefault(kind, set()).add(role)
    literal: dict[str, list[Phrase]] = {}
    for role, texts in words:
        for text in texts:
            if len(kinds.get(_kind(text, base), ())) != 1 and _phrase(text):
                literal.setdefault(role, []).append(_phrase(text))
    order = [role for role, _ in words]
    roles = {kind: tuple(r for r in order if r in task_roles) for kind, task_roles in kinds.items()}
    labels = [_phrase(text) for text in label_words if _phrase(text)]
    exempt = [word for text in segmented for word in _phrase(text)]
    return with_words(base, literal, labels, roles, exempt, dict(parts))


def _kind(text: str, base: Vocabulary) -> str:
    """The kind of image that a word of a task names; empty if the vocabulary has none."""
    tokens = tokenise(text, base)
    kind = image_kind(Parts(tokens), base)
    certain = kind.certainty is not Certainty.DOUBTFUL and len(kind.kinds) == 1
    return kind.kinds[0] if certain and all(t.known for t in tokens) else ""


def _phrase(text: str) -> Phrase:
    return tuple(fold(chunk) for chunk in CHUNK.findall(text))
