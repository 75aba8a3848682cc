"""Read a name with the vocabulary of a task: which modality it matches, and how certainly."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from shaspec.io.names.answers import (
    AFTER,
    PLAIN,
    matched,
    roles_of,
    spell,
    strange,
    stranger_between,
    words_of,
)
from shaspec.io.names.contrast import Agent, contrast
from shaspec.io.names.label_maps import label_tokens, read_labels
from shaspec.io.names.parts import IMAGES, Parts, divide
from shaspec.io.names.reading import LABELS, Certainty, Reading
from shaspec.io.names.tokens import Token, tokenise
from shaspec.io.names.vocabulary import Sense, Vocabulary

T1_FAMILY = ("T1", PLAIN, AFTER)
CACHED = 4096  # cached names; finding the cases of a folder reads each several times
T1_FLAIR = "it may be a T1 FLAIR, or a FLAIR at time t1 or on the grid of the T1"
TIME = re.compile(r"(?<![^\W_])t1[\W_]+FLAIR(?![^\W_])")
"""A time in small letters in front of FLAIR in capitals."""
NOTHING_SAID = "no word of the name identifies the file"


@dataclass(frozen=True)
class Kind:
    """The kind of image that tokens describe; several or none if that is ambiguous."""

    kinds: tuple[str, ...]
    evidence: tuple[Token, ...]
    certainty: Certainty
    reason: str = ""


@lru_cache(maxsize=CACHED)
def read(text: str, vocabulary: Vocabulary, allowed: frozenset[str] | None = None) -> Reading:
    """Read ``text``, a file name without its ending.

    Args:
        text: any text that describes one image.
        vocabulary: of the task, see `shaspec.io.names.task_vocabulary`.
        allowed: the modalities that are possible, e.g. by the file type; default: all.
    """
    tokens = tokenise(text, vocabulary)
    if allowed is not None:
        tokens = [_without_image(t, vocabulary, allowed) for t in tokens]
    parts = divide(tokens)
    derived = [t for t in parts.tokens if t.says(Sense.DERIVED)]
    if derived:
        return Reading(reason=f"{spell(derived)} is not an image", evidence=words_of(derived))
    if label_tokens(parts):
        return read_labels(text, tokens, parts, vocabulary)
    kind = _or_time(text, parts, image_kind(parts, vocabulary))
    if kind.kinds:
        return _read_image(text, tokens, parts, kind, vocabulary)
    lesion = parts.tokens[-1:] and parts.tokens[-1].says(Sense.LESION)
    if lesion and vocabulary.has_labels:
        reason = f"{spell(parts.tokens[-1:])} was read as its outline"
        return matched(text, tokens, LABELS, Certainty.PROBABLE, parts.tokens[-1:], reason)
    maps = [t for t in parts.tokens if t.says(Sense.MAP)]
    if maps:
        return Reading(reason=f"{spell(maps)} is a map", evidence=words_of(maps))
    return Reading(reason=NOTHING_SAID)


# -- images --------------------------------------------------------------------------------------


def image_kind(parts: Parts, vocabulary: Vocabulary) -> Kind:
    """The kind of image that the tokens name."""
    images = [t for t in parts.tokens if t.says(Sense.IMAGE)]
    images = images or [t for t in parts.tokens if t.says(Sense.IMPLIED)]
    if not images:
        return Kind((), (), Certainty.DOUBTFUL)
    kind = _combine(images, parts.tokens, vocabulary)
    t1 = [t for t in images if t.term.kind in T1_FAMILY]
    if t1 and set(kind.kinds) <= set(T1_FAMILY):
        kind = _with_contrast(kind, t1[-1], parts, vocabulary)
    if parts.contrast_doubt and kind.kinds in (("T1",), (AFTER,)) and not _says_after(images):
        return _open(kind.evidence, parts.contrast_doubt)
    if parts.doubt and kind.certainty is not Certainty.DOUBTFUL:
        return Kind(kind.kinds, kind.evidence, Certainty.DOUBTFUL, parts.doubt)
    return kind


def _combine(images: Sequence[Token], tokens: Sequence[Token], vocabulary: Vocabulary) -> Kind:
    """The kind of image, from all words that name images."""
    evidence = tuple(images)
    kinds = tuple(dict.fromkeys(t.term.kind for t in images))
    own = tuple(k for k in kinds if vocabulary.own_kind(k))
    certain, probable, doubtful = Certainty.CERTAIN, Certainty.PROBABLE, Certainty.DOUBTFUL
    if len(kinds) == 1:
        implied = not images[0].says(Sense.IMAGE)
        usual = f"{spell(images)} is usually {kinds[0]}"
        return Kind(kinds, evidence, probable if implied else certain, usual if implied else "")
    if own and len(own) < len(kinds) and vocabulary.roles:
        known_kinds = [k for k in kinds if k not in own and roles_of(k, vocabulary)]
        if len(own) == 1 and not known_kinds:
            return Kind(own, evidence, probable, f"{spell(images)} were read as {own[0][4:]}")
    joined = any(
        t.words[0] == "+" and tokens[i - 1 : i] and tokens[i - 1].says(*IMAGES)
        and tokens[i + 1 : i + 2] and tokens[i + 1].says(*IMAGES)
        for i, t in enumerate(tokens)
    )  # fmt: skip
    if set(kinds) == {"FLAIR", "T2"} and not joined and not stranger_between(images, tokens):
        return Kind(("FLAIR",), evidence, certain)
    if set(kinds) == {"T1", PLAIN}:
        return Kind((PLAIN,), evidence, certain)
    if kinds[-1] == "FLAIR" and len(kinds) == 2 and kinds[0] in T1_FAMILY and not joined:
        adjacent = tokens.index(images[-1]) - tokens.index(images[-2]) == 1
        if adjacent:
            reason = f"{spell(images)} was read as a T1-weighted image, T1 FLAIR"
            return Kind(kinds[:1], evidence, probable, reason)
    foreign = [k for k in kinds if not roles_of(k, vocabulary) and k not in T1_FAMILY]
    if foreign and vocabulary.roles and not stranger_between(images, tokens):
        return Kind((foreign[0],), evidence, certain)
    names = " and ".join(spell([t]) for t in images)
    return Kind(kinds, evidence, doubtful, f"{names} describe different images")


def _with_contrast(kind: Kind, image: Token, parts: Parts, vocabulary: Vocabulary) -> Kind:
    """Decide whether a T1 is before or after contrast agent."""
    contrast_word = contrast(parts.tokens, image, vocabulary.smells)
    evidence = (*kind.evidence, *(t for t in contrast_word.evidence if t not in kind.evidence))
    certainty, reason, base = kind.certainty, kind.reason, kind.kinds[0]
    native = all(t.words[0].startswith("nati") for t in contrast_word.evidence)
    if contrast_word.agent is Agent.NOTHING:
        return kind
    said = spell(contrast_word.evidence)
    if contrast_word.agent is Agent.UNCLEAR and base != AFTER:
        return _open(evidence, f"{said} does not tell whether contrast agent was given")
    if contrast_word.agent is Agent.ABSENT and base == AFTER and not native:
        return _open(evidence, f"{said} contradicts {spell([image])}")
    if contrast_word.agent is Agent.GIVEN and base == PLAIN:
        return _open(evidence, f"{said} contradicts {spell([image])}")
    if contrast_word.agent is Agent.ABSENT and base == AFTER:
        reason = f"{said} was read as the space of the image"
        return Kind((AFTER,), evidence, Certainty.PROBABLE, reason)
    if (
        contrast_word.agent is Agent.GIVEN
        and contrast_word.probable
        and certainty is Certainty.CERTAIN
    ):
        certainty, reason = Certainty.PROBABLE, f"{said} was read as contrast agent"
    after = base == AFTER or contrast_word.agent is Agent.GIVEN
    return Kind((AFTER if after else PLAIN,), evidence, certainty, reason)


def _or_time(text: str, parts: Parts, kind: Kind) -> Kind:
    """A doubt for a T1 FLAIR that may be a FLAIR at time t1: ``P7_t1_FLAIR``."""
    scanner = any(t.says(Sense.SCANNER) for t in parts.tokens)
    if scanner or not kind.reason.endswith("T1 FLAIR") or not TIME.search(text):
        return kind
    return Kind(("FLAIR", *kind.kinds), kind.evidence, Certainty.DOUBTFUL, T1_FLAIR)


def _says_after(images: Sequence[Token]) -> bool:
    return any(t.term.kind == AFTER for t in images)


def _open(evidence: tuple[Token, ...], reason: str) -> Kind:
    return Kind(("T1", AFTER), evidence, Certainty.DOUBTFUL, reason)


def _read_image(
    text: str, tokens: Sequence[Token], parts: Parts, kind: Kind, vocabulary: Vocabulary
) -> Reading:
    evidence = list(kind.evidence)
    own = all(vocabulary.own_kind(k) for k in kind.kinds)
    maps = [] if own else [t for t in parts.tokens if t.says(Sense.MAP)]
    if maps:
        said = spell([*evidence, *maps])
        return Reading(reason=f"{said} is a map, not a weighted image", evidence=words_of(maps))
    roles = tuple(dict.fromkeys(r for k in kind.kinds for r in roles_of(k, vocabulary)))
    odd = _odd(parts.tokens)
    at = max(parts.tokens.index(t) for t in evidence)
    beside = [] if own else _outlines(parts.tokens, evidence)
    if kind.kinds == (AFTER,) and not roles and roles_of("T1", vocabulary):
        reason = f"{spell(evidence)} is a T1 after contrast agent, which the task does not have"
        return Reading(None, roles_of("T1", vocabulary), reason, words_of(evidence))
    if not roles:
        reason = f"{spell(evidence)} is {kind.kinds[0]}, which is not a modality of the task"
        return Reading(reason=reason, evidence=words_of(evidence))
    if odd or beside:
        reason = f"because of {spell([*odd, *beside])} this may not be the image itself"
        return Reading(None, roles, reason, words_of([*odd, *beside]))
    if kind.certainty is Certainty.DOUBTFUL or len(roles) > 1:
        reason = kind.reason or f"{spell(evidence)} fits {' and '.join(roles)}"
        return Reading(None, roles, reason, words_of(evidence))
    certainty, reason = kind.certainty, kind.reason
    unknown = [t for t in parts.tokens[at + 1 :] if strange(t)]
    if certainty is Certainty.CERTAIN and (parts.probable or (unknown and not own)):
        certainty = Certainty.PROBABLE
        reason = parts.probable or f"{spell(unknown)} is unknown"
    return matched(text, tokens, roles[0], certainty, evidence, reason)


def _outlines(tokens: Sequence[Token], images: Sequence[Token]) -> list[Token]:
    """Words beside an image that may name what was outlined on it: a lesion, or anatomy that is
    no word for an image of the head, such as ``GM``."""
    first = min(tokens.index(t) for t in images)
    last = max(tokens.index(t) for t in images)
    before = tokens[max(0, first - 1) : first]
    lesions = [t for t in (*before, *tokens[last:]) if t.says(Sense.LESION) and not t.key]
    behind = tokens[last + 1 :]
    return lesions + [t for t in behind if t.says(Sense.ANATOMY) and not t.says(Sense.NEUTRAL)]


def _odd(tokens: Sequence[Token]) -> list[Token]:
    """Words that may or may not denote an image; ``sub`` before a number is a subject."""
    following = [*tokens[1:], None]
    return [
        token
        for token, after in zip(tokens, following, strict=True)
        if token.says(Sense.ODD)
        and not (token.says(Sense.PERSON) and after and (after.number or after.identifies))
    ]


def _without_image(token: Token, vocabulary: Vocabulary, allowed: Collection[str]) -> Token:
    """The token without its meaning if the file cannot contain its image."""
    roles = roles_of(token.term.kind, vocabulary)
    if not roles or set(roles) & set(allowed):
        return token
    return replace(token, term=replace(token.term, senses=frozenset({Sense.NEUTRAL}), kind=""))
