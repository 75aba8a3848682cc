"""Find the part of a name that describes the image, not the patient or a registration target."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from shaspec.io.names.tokens import Token
from shaspec.io.names.vocabulary import Sense

IMAGES = (Sense.IMAGE, Sense.IMPLIED)
CONTRAST = (Sense.GIVEN, Sense.ABSENT, Sense.HINT)
HEADS = (*IMAGES, Sense.LABEL, Sense.DERIVED, Sense.MAP, Sense.LESION)
NOT_IMAGES = (Sense.LABEL, Sense.TRUTH, Sense.DERIVED)

IN_TARGET = (
    *CONTRAST, Sense.WITH, Sense.WITHOUT, Sense.TREATMENT, Sense.NEUTRAL,
    Sense.TARGET, Sense.LIKELY_TARGET, Sense.SPACE,
)  # fmt: skip
"""Words that may occur between ``reg`` and the target image."""


@dataclass
class Parts:
    """The tokens that describe the image, and those that were excluded."""

    tokens: list[Token]
    front: list[Token] = field(default_factory=list)
    """Patient, study and date: everything up to the last of them before the image."""
    target: list[Token] = field(default_factory=list)
    """The registration target."""
    probable: str = ""
    """Why the division is not certain."""
    doubt: str = ""
    """Why it is ambiguous."""
    contrast_doubt: str = ""
    """Why it is ambiguous which words on contrast agent belong to the image."""


def divide(tokens: Sequence[Token]) -> Parts:
    """Divide the tokens of a name."""
    parts = Parts(list(tokens))
    _cut_target(parts)
    _cut_front(parts)
    return parts


def _image(token: Token) -> bool:
    return token.says(*IMAGES)


def _cut_target(parts: Parts) -> None:
    """Remove ``to T1``, ``in T1ce space``, ``space-T1w`` and similar."""
    _cut_pair(parts)
    place = 0
    while place < len(parts.tokens):
        tokens = parts.tokens
        end = _target_end(tokens, place)
        if end is None:
            place += 1
            continue
        token = tokens[place]
        before = [t for t in tokens[:place] if not t.key]
        sure = token.says(Sense.TARGET) or token.glued
        if not any(t.says(*HEADS) for t in before):
            _unknown_head(parts, place, before)
            place += 1
            continue
        words = " ".join(" ".join(t.words) for t in tokens[place:end])
        if token.says(Sense.TWO) and not token.glued:
            parts.doubt = f"{words!r} may be a target or a number"
        elif not sure:
            parts.probable = f"{words!r} was read as the target of a registration"
        after = [t for t in tokens[end:] if t.says(*CONTRAST) and not t.key]
        if after:
            word = " ".join(after[0].words)
            parts.contrast_doubt = f"{word!r} may belong to the image or to the target"
        parts.target += tokens[place:end]
        parts.tokens = tokens[:place] + tokens[end:]


def _cut_pair(parts: Parts) -> None:
    """``co__t1c__flair``: the first of two images after ``co`` is the target."""
    tokens = parts.tokens
    for place in range(len(tokens) - 2):
        pair, first, second = tokens[place : place + 3]
        if pair.says(Sense.PAIR) and _image(first) and _image(second):
            parts.target.append(first)
            del tokens[place + 1]
            return


def _target_end(tokens: Sequence[Token], place: int) -> int | None:
    """The end of the target that begins at ``place``; None if none begins there."""
    token = tokens[place]
    if token.key or not token.says(Sense.TARGET, Sense.LIKELY_TARGET, Sense.SPACE, Sense.TWO):
        return None
    at = place + 1
    if token.says(Sense.WITH) and at < len(tokens) and tokens[at].says(Sense.GIVEN):
        return None  # "nach KM"
    anything = token.says(Sense.TARGET)
    while at < len(tokens) and not _image(tokens[at]) and not tokens[at].key:
        if not (anything or tokens[at].says(*IN_TARGET)) or tokens[at].says(Sense.TEMPLATE):
            break
        anything |= tokens[at].says(Sense.TARGET)
        at += 1
    if at == len(tokens) or tokens[at].key:
        return None
    if token.says(Sense.SPACE, Sense.TWO) and not (
        place and _image(tokens[place - 1]) and _image(tokens[at])
    ):
        return None
    if token.says(Sense.SPACE) and tokens[at].term.kind == "FLAIR":
        return None  # T2 SPACE FLAIR, a sequence
    if not (_image(tokens[at]) or tokens[at].says(Sense.TEMPLATE)):
        return None
    contrast = tokens[at].term.kind.startswith("T1")
    at += 1
    if anything:  # to T2 FLAIR, to anna_12_T2
        at = max([at, *(i + 1 for i, t in enumerate(tokens) if _image(t) and not t.key)])
    end = at
    while at < len(tokens) and not tokens[at].key and tokens[at].says(*IN_TARGET):
        agent = contrast and tokens[at].says(*CONTRAST, Sense.TREATMENT)
        if agent or tokens[at].says(Sense.SPACE):
            end = at + 1
        at += 1
    return end


def _unknown_head(parts: Parts, place: int, before: Sequence[Token]) -> None:
    """``lesion_to_T1`` is ambiguous; ``reg_T1`` is a registered T1."""
    token = parts.tokens[place]
    moved = token.words[0] in ("to", "onto", "into", "in", "on")
    strange = before and not (before[-1].known or before[-1].identifies)
    if moved and strange and any(_image(t) for t in parts.tokens[place:]):
        parts.doubt = f"{' '.join(before[-1].words)!r} is unknown and precedes a target"


def _cut_front(parts: Parts) -> None:
    """Remove everything up to the last patient, study or number before the last image."""
    tokens = parts.tokens
    heads = [i for i, t in enumerate(tokens) if _image(t) and not t.key]
    people = [i for i, t in enumerate(tokens) if t.says(Sense.PERSON) and not t.key]
    if people and heads and people[-1] > heads[-1]:  # FLAIR-trial-33_mask
        rest = range(people[-1], len(tokens))
        heads += [i for i in rest if tokens[i].says(*NOT_IMAGES, Sense.LESION)]
    if not heads:
        return
    ends = [i + 1 for i in range(heads[-1]) if tokens[i].identifies and not tokens[i].key]
    cut = ends[-1] if ends else 0
    front = [t for t in tokens[:cut] if not t.key]
    parts.front = front
    parts.tokens = [t for t in tokens[:cut] if t.key] + list(tokens[cut:])
    if front and front[-1].says(Sense.ODD) and not tokens[cut].number:  # SUB_T1
        parts.doubt = f"{' '.join(front[-1].words)!r} may be a subtraction or a subject"
    for one, two in itertools.pairwise(front):
        if one.says(*NOT_IMAGES) and two.identifies and not one.numbered:
            parts.doubt = f"{' '.join(one.words)!r} may describe the file"
        if (one.says(Sense.WITH) and two.says(Sense.GIVEN)) or one.words[0].startswith("gadol"):
            parts.contrast_doubt = f"{' '.join(one.words)!r} may belong to the image"
