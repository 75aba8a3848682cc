"""The acquisition pattern of a file name, without the patient.

A user's choices are stored under this pattern, so it must not contain a patient's name. Only words
of the vocabulary that describe the modality are kept; unknown words, numbers, dates and single
letters are dropped.
"""

from __future__ import annotations

from shaspec.io.names.tokens import Token, tokenise
from shaspec.io.names.vocabulary import Sense, Vocabulary

OTHER = "*"
"""In a pattern: unknown words after the first known word."""
SHORT = 2
"""Digits of a number that names a file, not a patient or a date."""
SILENT = frozenset({Sense.NEUTRAL, Sense.SCANNER, Sense.PERSON})


def pattern_of(text: str, vocabulary: Vocabulary) -> str:
    """The pattern of a name, e.g. ``mprage post`` for ``Meier_MPRAGE_sag_post_401``.

    Args:
        text: a file name without its ending.
        vocabulary: of the task, see `shaspec.io.names.task_vocabulary`.

    Returns:
        Known words separated by spaces, `OTHER` for unknown words after them. A name like
        ``scan_2``, of words without a meaning and a short number, is kept whole. Empty for a name
        with no known word.
    """
    words: list[str] = []
    tokens = tokenise(text, vocabulary)
    if all(_plain(token) for token in tokens) and not all(token.number for token in tokens):
        return " ".join(word for token in tokens for word in token.words)
    for token in tokens:
        if _telling(token):
            words += token.words
        elif words and words[-1] != OTHER and _unknown(token):
            words.append(OTHER)
    return " ".join(words)


def _plain(token: Token) -> bool:
    """True for a word of the vocabulary without a meaning for the modality, or a short number."""
    if token.number:
        return len(token.words[0]) <= SHORT
    senses = token.term.senses
    word = len("".join(token.words)) > 1 and not token.identifies
    return word and bool(senses) and senses <= SILENT and not token.key


def _telling(token: Token) -> bool:
    """Return whether the meaning of a word matters for the modality."""
    letter = token.words[0].isalpha() and len("".join(token.words)) == 1
    said = bool(token.term.senses - SILENT) or token.says(Sense.IMPLIED)
    return said and not letter and not token.identifies


def _unknown(token: Token) -> bool:
    return not (token.known or token.identifies or token.number)
