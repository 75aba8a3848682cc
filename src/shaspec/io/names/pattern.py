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
SILENT = frozenset({Sense.NEUTRAL, Sense.PERSON})


def pattern_of(text: str, vocabulary: Vocabulary) -> str:
    """The pattern of a name, e.g. ``mprage post`` for ``Meier_MPRAGE_sag_post_401``.

    Args:
        text: a file name without its ending.
        vocabulary: of the task, see `shaspec.io.names.task_vocabulary`.

    Returns:
        Known words separated by spaces, `OTHER` for unknown words after them; empty if the name
        has no known word.
    """
    words: list[str] = []
    for token in tokenise(text, vocabulary):
        if _telling(token):
            words += token.words
        elif words and words[-1] != OTHER and _unknown(token):
            words.append(OTHER)
    return " ".join(words)


def _telling(token: Token) -> bool:
    """Return whether the meaning of a word matters for the modality."""
    letter = token.words[0].isalpha() and len("".join(token.words)) == 1
    said = bool(token.term.senses - SILENT) or token.says(Sense.IMPLIED)
    return said and not letter and not token.identifies


def _unknown(token: Token) -> bool:
    return not (token.known or token.identifies or token.number)
