"""Helpers to build a `Reading`: roles of a kind of image, and the words used as evidence."""

from __future__ import annotations

from collections.abc import Sequence

from shaspec.io.names.parts import HEADS
from shaspec.io.names.reading import Certainty, Match, Reading
from shaspec.io.names.tokens import Token
from shaspec.io.names.vocabulary import Vocabulary

OPEN_T1, PLAIN, AFTER = "T1", "T1n", "T1ce"
"""Kinds of T1: before or after contrast agent, before, after."""


def roles_of(kind: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The modalities of the task that may be of the kind ``kind``."""
    other = {OPEN_T1: PLAIN, PLAIN: OPEN_T1}.get(kind, kind)
    return vocabulary.roles.get(kind) or vocabulary.roles.get(other, ())


def stranger_between(images: Sequence[Token], tokens: Sequence[Token]) -> bool:
    """Return whether an unknown word is between the first and the last of ``images``."""
    first, last = tokens.index(images[0]), tokens.index(images[-1])
    return any(strange(t) for t in tokens[first:last])


def strange(token: Token) -> bool:
    """Return whether a word is unknown; it is then most likely the name of a person."""
    return not (token.known or token.key or token.identifies or token.number)


def matched(
    text: str,
    tokens: Sequence[Token],
    role: str,
    certainty: Certainty,
    evidence: Sequence[Token],
    reason: str,
) -> Reading:
    """The reading of a text that matches ``role``."""
    start, stop = _span(tokens, evidence)
    spelled = tuple(text[t.start : t.stop] for t in sorted(evidence, key=lambda t: t.start))
    return Reading(Match(role, certainty, spelled, reason, start, stop))


def _span(tokens: Sequence[Token], evidence: Sequence[Token]) -> tuple[int, int]:
    """The part of the text that describes the image: the evidence and adjacent known words."""
    places = [tokens.index(t) for t in evidence]
    first, last = min(places), max(places)
    while first and _describes(tokens[first - 1]) and not _letter(tokens, first - 1):
        first -= 1
    while last + 1 < len(tokens) and _describes(tokens[last + 1]):
        last += 1
    start = tokens[first].start - (len(tokens[first].key) + 1 if tokens[first].key else 0)
    return start, tokens[last].stop


def _letter(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a token is a single separate letter: a patient, unlike in ``sT1W``."""
    token = tokens[place]
    return token.words[0].isalpha() and len(token.words[0]) == 1 and not tokens[place + 1].glued


def _describes(token: Token) -> bool:
    if token.identifies or token.number:
        return False
    return token.known or bool(token.key) or token.says(*HEADS)


def spell(tokens: Sequence[Token]) -> str:
    """The words of tokens in quotes, for messages."""
    return repr(" ".join(" ".join(t.words) for t in sorted(tokens, key=lambda t: t.start)))


def words_of(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The words of tokens, for the evidence of a reading."""
    return tuple(" ".join(t.words) for t in tokens)
