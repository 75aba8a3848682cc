"""Decide from the words around a T1 whether contrast agent was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shaspec.io.names.tokens import Token
from shaspec.io.names.vocabulary import Sense

SHORT = 2  # letters of "gd", "km", "ce", which may also be initials


DENIAL = 5  # words between "without" and what was not given
LETTERS = ("e", "g", "p")  # "eT1": enhanced? "gT1": gadolinium? "pT1": post, pre or a prefix?


class Agent(StrEnum):
    """Whether the words indicate contrast agent."""

    NOTHING = "nothing"
    GIVEN = "given"
    ABSENT = "absent"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Contrast:
    """The result, and the words that led to it."""

    agent: Agent
    evidence: tuple[Token, ...] = ()
    probable: bool = False


def contrast(tokens: Sequence[Token], image: Token, smells: Sequence[str]) -> Contrast:
    """Read the words around ``image``, a T1.

    Args:
        tokens: the tokens that describe the image, ``image`` among them.
        image: the token of the T1.
        smells: substrings of unknown words that suggest contrast agent.
    """
    at = next(i for i, token in enumerate(tokens) if token is image)
    given: list[Token] = []
    absent: list[Token] = []
    unclear: list[Token] = []
    probable = False
    for first, last, sense in _runs(tokens):
        token = tokens[first]
        if sense is Sense.ABSENT:
            absent += tokens[first : last + 1]
        elif sense is Sense.GIVEN and _denied(tokens, first):
            unclear += tokens[first : last + 1]
        elif sense is Sense.GIVEN and not _initials(tokens, first, last, at):
            given += tokens[first : last + 1]
            probable |= not token.key and _stranger(tokens, last, at)
        elif sense is Sense.HINT and _is_post(tokens, first, at):
            given.append(token)
        elif sense is Sense.HINT and _hints(tokens, first, at):
            unclear.append(token)
        elif sense is Sense.GIVEN:
            unclear += tokens[first : last + 1]
    strange = [t for t in tokens if not t.known and any(s in t.words[0] for s in smells)]
    unclear += [t for t in strange if not t.key or t.key == "acq"]
    unclear += [t for t in tokens[:at][-1:] if image.glued and t.words[0] in LETTERS]
    both = [t for t in tokens if t.says(Sense.BOTH)]
    if absent and not given:  # "Markus_Post_T1_nativ"
        unclear = [t for t in unclear if t.start > image.start]
    evidence = (*given, *absent, *unclear, *both)
    if both or (given and absent) or (unclear and not given):
        return Contrast(Agent.UNCLEAR, evidence)
    if given:
        return Contrast(Agent.GIVEN, tuple(given), probable)
    return Contrast(Agent.ABSENT if absent else Agent.NOTHING, tuple(absent))


def _runs(tokens: Sequence[Token]) -> list[tuple[int, int, Sense]]:
    """(first, last, `GIVEN`, `ABSENT` or `HINT`) for words that belong together: ``ohne KM``."""
    runs: list[tuple[int, int, Sense]] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        end = _given_end(tokens, place + 1, token.key)
        treated = place + 1 < len(tokens) and tokens[place + 1].says(Sense.TREATMENT)
        if treated and token.says(Sense.HINT, Sense.ABSENT):
            place += 1
        elif end is not None and token.says(Sense.WITHOUT):
            runs.append((place, end, Sense.ABSENT))
            place = end
        elif end is not None and token.says(Sense.WITH):
            runs.append((place, end, Sense.GIVEN))
            place = end
        elif token.says(Sense.GIVEN):
            runs.append((place, place, Sense.GIVEN))
        elif token.says(Sense.ABSENT):
            runs.append((place, place, Sense.ABSENT))
        elif token.says(Sense.HINT):
            runs.append((place, place, Sense.HINT))
        place += 1
    return runs


def _denied(tokens: Sequence[Token], place: int) -> bool:
    """True if "without" stands some words in front of contrast agent: ``vor i.v. Gabe von KM``."""
    for token in reversed(tokens[max(0, place - DENIAL) : place]):
        if token.says(Sense.IMAGE, Sense.GIVEN) or token.key != tokens[place].key:
            return False
        if token.says(Sense.WITHOUT):
            return True
    return False


def _given_end(tokens: Sequence[Token], start: int, key: str) -> int | None:
    """The last of the words for contrast agent starting at ``start``."""
    end = None
    for place in range(start, len(tokens)):
        if not tokens[place].says(Sense.GIVEN) or tokens[place].key != key:
            break
        end = place
    return end


def _initials(tokens: Sequence[Token], first: int, last: int, at: int) -> bool:
    """Return whether ``gd`` may be part of a person's name: between an unknown word and T1."""
    short = first == last and len(tokens[first].words[0]) <= SHORT and not tokens[first].key
    return short and len(tokens[first].words) == 1 and last < at and _strange_before(tokens, first)


def _strange_before(tokens: Sequence[Token], place: int) -> bool:
    before = tokens[place - 1] if place else None
    if before is None or before.key or before.number:
        return False
    return not (before.known or before.identifies)


def _stranger(tokens: Sequence[Token], place: int, at: int) -> bool:
    """Return whether an unknown word is between a position and the T1."""
    low, high = sorted((place, at))
    between = tokens[low + 1 : high]
    return any(not (t.known or t.number or t.key) for t in between)


def _is_post(tokens: Sequence[Token], place: int, at: int) -> bool:
    """Return whether ``post`` must mean contrast agent: next to T1, without a name between."""
    token = tokens[place]
    if token.words != ("post",):
        return False
    if token.key:
        return True
    if _stranger(tokens, place, at):
        return False
    return place > at or not _strange_before(tokens, place)


def _hints(tokens: Sequence[Token], place: int, at: int) -> bool:
    """Return False for initials like ``c`` in front of the T1 or behind an unknown word."""
    token = tokens[place]
    single = len(token.words) == 1 and len(token.words[0]) == 1 and token.words[0].isalpha()
    behind = place > at and not _stranger(tokens, place, at)  # T1_tra_c
    return not single or abs(place - at) == 1 or behind or bool(token.key)
