"""Split a name into tokens: words, phrases of a vocabulary, and BIDS entities.

A name is split at everything that is neither letter nor digit. Each part is one word, several words
of the vocabulary (``T1post``, ``FLAIRax``, ``brainmask``), words in camel case, or a word and a
number. Anything else is an unknown word, usually the name of a patient.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from shaspec.io.names.vocabulary import Phrase, Sense, Term, Vocabulary

CHUNK = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]+|(?:(?![\u3040-\u30ff\u3400-\u9fff])[^\W_][\u0300-\u036f]*)+|\+/?-|±|[+*]"
)
"""A run of letters and digits, or of Chinese or Japanese characters; or a sign."""
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d)(?=[A-Z][a-z])")
WITHOUT_AGENT = re.compile(r"-(?=$|[_\s.])")  # "T1 C-"
WITH_AGENT = re.compile(r"(?i)t1w?(c|gd|km)")
MINUS = re.compile(r"(?:^|[_\s])-$")  # "T1 -KM"
LETTERS_DIGITS = re.compile(r"(\D.*?)(\d{1,8})")
DIGITS_LETTERS = re.compile(r"(\d+)(\D.*)")
MEASURE = re.compile(  # 1mm, 3t, 1x1x1, te30, b0: sizes, field strengths, settings of a scanner
    r"\d+(mm|t|iso|deg|min|sec|slices?|sl|ch|x\d+(x\d+)?(mm)?)|(te|tr|ti|fa|sl|bw|fov|nex)\d+|v\d"
)
GLUED = frozenset({"t1", "t2", "3d", "2d", "ax", "fs", "gd", "km", "t1w", "t2w", "c-"})
"""Words of fewer than three letters that may be part of a compound."""
CASE_KEYS = frozenset({"sub", "ses", "sample", "cohort"})
"""Keys of BIDS entities that name a case."""
JOINTS = frozenset({"to", "in", "on", "2"})
"""Words for a registration that may, between two images."""


@dataclass(frozen=True)
class Token:
    """One phrase of a name."""

    words: Phrase
    start: int
    stop: int
    """Position in the text: ``text[start:stop]``."""
    term: Term
    key: str = ""
    """The key of the BIDS entity to whose value it belongs."""
    glued: bool = False
    """True if there is no separator before it."""
    numbered: bool = False
    """True if two or more digits follow without a separator, as in ``seg01``."""

    def says(self, *senses: Sense) -> bool:
        """Return whether it has one of these senses."""
        return not self.term.senses.isdisjoint(senses)

    @property
    def known(self) -> bool:
        """Whether it is in the vocabulary, or a size or setting."""
        return bool(self.term.senses) or bool(MEASURE.fullmatch(self.words[0]))

    @property
    def number(self) -> bool:
        """Whether it is a number."""
        return self.words[0].isdecimal()

    @property
    def identifies(self) -> bool:
        """Whether it names a patient, a visit or a study: ``patient``, ``0012``, ``p7``."""
        if self.key:
            return self.key in CASE_KEYS
        if self.says(Sense.PERSON) or self.numbered:
            return True
        word = self.words[0]
        digits = any(c.isdigit() for c in word)
        return digits and not self.known and (len(word) > 1 or not self.number)


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    stop: int
    key: str
    glued: bool = False
    numbered: bool = False


def tokenise(text: str, vocabulary: Vocabulary) -> list[Token]:
    """The tokens of a file name without its ending, in order."""
    words = list(_words(text, vocabulary))
    tokens: list[Token] = []
    place = 0
    while place < len(words):
        token = _longest(words, place, vocabulary)
        tokens.append(token)
        place += len(token.words)
    return tokens


def fold(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _longest(words: list[_Word], place: int, vocabulary: Vocabulary) -> Token:
    first = words[place]
    run, term = [first], Term()
    for count in range(min(vocabulary.longest, len(words) - place), 0, -1):
        candidate = words[place : place + count]
        phrase = tuple(word.text for word in candidate)
        if phrase in vocabulary.terms and all(word.key == first.key for word in candidate):
            run, term = candidate, vocabulary.terms[phrase]
            break
    if first.key:
        term = _in_entity(first.key, term, vocabulary)
    numbered = any(word.numbered for word in run)
    phrase = tuple(word.text for word in run)
    return Token(phrase, first.start, run[-1].stop, term, first.key, first.glued, numbered)


def _in_entity(key: str, term: Term, vocabulary: Vocabulary) -> Term:
    """The term of a word that is the value of a BIDS entity."""
    entities = vocabulary.entities
    if key in entities.agent:
        absent = {Sense.ABSENT, Sense.WITHOUT} & term.senses
        return Term(frozenset({Sense.ABSENT if absent else Sense.GIVEN}))
    return term if key in entities.read | entities.labels else Term()


def _words(text: str, vocabulary: Vocabulary) -> Iterator[_Word]:
    """The words of a text, without the keys of entities."""
    entities = {m.start(): m for m in _entities(text, vocabulary)}
    place = 0
    while match := CHUNK.search(text, place):
        entity = entities.get(match.start())
        if entity is None:
            if MINUS.search(text, 0, match.start()) and place:
                yield _Word("-", match.start() - 1, match.start(), "")
            place = match.end()
            if fold(match.group()) in ("c", "km", "gd") and WITHOUT_AGENT.match(text, place):
                place += 1
                yield _Word("c-", match.start(), place, "")
            else:
                yield from _split(match.group(), match.start(), "", vocabulary)
                if WITH_AGENT.fullmatch(match.group()) and WITHOUT_AGENT.match(text, place):
                    yield _Word("c-", place, place + 1, "", glued=True)  # "T1C-" may be without
                    place += 1
        else:
            key, start = entity[1].lower(), entity.start(2)
            yield from _split(entity[2], start, key, vocabulary)
            place = entity.end()


def _entities(text: str, vocabulary: Vocabulary) -> Iterator[re.Match[str]]:
    entities = list(vocabulary.entity.finditer(text))
    subject = any(match[1].lower() == "sub" for match in entities)
    for match in entities:
        key, term = match[1].lower(), vocabulary.terms.get((fold(match[2]),), Term())
        image = not term.senses.isdisjoint({Sense.IMAGE, Sense.IMPLIED})
        agent = key in vocabulary.entities.agent and image  # CE-T1w, CE-MPRAGE
        sequence = key == "space" and term.kind == "FLAIR" and not subject  # SPACE-FLAIR
        if not (agent or sequence):
            yield match


def _split(chunk: str, start: int, key: str, vocabulary: Vocabulary) -> Iterator[_Word]:
    """The words of a run of letters and digits."""
    pieces = _cut(chunk, vocabulary)
    same = "".join(text for text, _ in pieces) == chunk.lower()
    place = start
    for number, (text, numbered) in enumerate(pieces):
        stop = place + len(text) if same else start + len(chunk)
        yield _Word(text, place, stop, key, number > 0, numbered)
        place = stop if same else start


def _cut(chunk: str, vocabulary: Vocabulary) -> list[tuple[str, bool]]:
    """(word, whether digits follow it) for each word of a chunk."""
    word = fold(chunk)
    if word in vocabulary.words or MEASURE.fullmatch(word):
        return [(word, False)]
    camel = [fold(piece) for piece in CAMEL.split(chunk) if piece]
    resolved = [_resolve(piece, vocabulary) for piece in camel] if len(camel) > 1 else []
    if resolved and all(resolved):  # before numbers are split off: wT1 is not "wt 1"
        return [pair for pairs in resolved for pair in pairs or ()]
    whole = _resolve(word, vocabulary)
    letter = any(resolved) and len(camel[0]) == 1 and resolved[0] is None  # gT1 is not "gt 1"
    if whole is not None and not letter:
        return whole
    if any(resolved):
        pairs = zip(camel, resolved, strict=True)
        return [pair for text, split in pairs for pair in split or [(text, False)]]
    return [(fold(chunk), False)]


def _resolve(word: str, vocabulary: Vocabulary) -> list[tuple[str, bool]] | None:
    """The known words that make up ``word``, with numbers allowed at both ends."""
    if word in vocabulary.words or MEASURE.fullmatch(word):
        return [(word, False)]
    match = LETTERS_DIGITS.fullmatch(word)
    numbered = match is not None and match[1] in vocabulary.words  # post1 is not "pos t1"
    cover = [] if numbered else _cover(word, vocabulary)
    if cover:
        return [(text, False) for text in cover]
    if match:
        known_word = _known(match[1], vocabulary)
        if known_word and not match[1][-1].isdigit():
            last = (known_word[-1], len(match[2]) > 1)
            return [*((text, False) for text in known_word[:-1]), last, (match[2], False)]
    if match := DIGITS_LETTERS.fullmatch(word):
        known_word = _known(match[2], vocabulary)
        if known_word and len(match[2]) > 1:
            return [(match[1], False), *((text, False) for text in known_word)]
    return None


def _known(word: str, vocabulary: Vocabulary) -> list[str]:
    return [word] if word in vocabulary.words else _cover(word, vocabulary)


def _cover(word: str, vocabulary: Vocabulary) -> list[str]:
    """The fewest words of the vocabulary that make up ``word``; empty if there are none."""
    best: dict[int, list[str]] = {0: []}
    for stop in range(2, len(word) + 1):
        for start in sorted(best):
            piece = word[start:stop]
            if start < stop and _may_glue(piece, best[start], word[stop:], vocabulary):
                cover = [*best[start], piece]
                if stop not in best or len(cover) < len(best[stop]):
                    best[stop] = cover
    return best.get(len(word), [])


def _may_glue(piece: str, before: list[str], rest: str, vocabulary: Vocabulary) -> bool:
    if piece in JOINTS:
        image = vocabulary.terms.get((before[-1],)) if before else None
        return image is not None and Sense.IMAGE in image.senses and bool(rest)
    if piece not in vocabulary.words or piece.isdecimal():
        return False
    return piece in GLUED or len(piece) > 2
