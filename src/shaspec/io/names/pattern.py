"""What stays of a file name without the patient: the words that tell how it was acquired.

Choices of a user are stored under this pattern, so it must not hold a patient's name. Only words of
the vocabulary with a meaning for the modality are kept; unknown words, numbers, dates and single
letters are not.
"""

from __future__ import annotations

from shaspec.io.names.tokens import Token, tokenise
from shaspec.io.names.vocabulary import Sense, Vocabulary

OTHER = "*"
"""In a pattern: unknown words behind the first known one."""
SILENT = frozenset({Sense.NEUTRAL, Sense.PERSON})


def pattern_of(text: str, vocabulary: Vocabulary) -> str:
    """The pattern of a name, e.g. ``mprage post`` for ``Meier_MPRAGE_sag_post_401``.

    Args:
        text: a file name without its ending.
        vocabulary: of the task, see `shaspec.io.names.task_vocabulary`.

    Returns:
        Known words separated by spaces, `OTHER` for unknown words behind them; empty if the name
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
    """True for a word whose meaning matters for the modality."""
    letter = token.words[0].isalpha() and len("".join(token.words)) == 1
    said = bool(token.term.senses - SILENT) or token.says(Sense.IMPLIED)
    return said and not letter and not token.identifies


def _unknown(token: Token) -> bool:
    return not (token.known or token.identifies or token.number)
