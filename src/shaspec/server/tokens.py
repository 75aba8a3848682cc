"""The tokens of the users of a server."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import read_text

SHORTEST = 16
FORM = re.compile(r"[\w.~-]+", re.ASCII)
"""Characters that an address holds as they are."""


def new_token() -> str:
    """A random token of 256 bits."""
    return secrets.token_urlsafe(32)


def check_token(token: str) -> str:
    """Check a token that somebody chose.

    Args:
        token: as it was given.

    Returns:
        The same token.

    Raises:
        InputError: if it is too short to be secret, or cannot be part of an address.
    """
    if len(token) < SHORTEST or not FORM.fullmatch(token):
        raise InputError(
            f"a token needs {SHORTEST} or more letters, digits, and characters of -._~: make one "
            'with python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return token


def read_tokens(path: Path) -> tuple[str, ...]:
    """The tokens of a file, one a line; empty lines and lines with # at the beginning do not count.

    Args:
        path: text file.

    Returns:
        The tokens.

    Raises:
        InputError: if the file cannot be read, has none, or one that is too short.
    """
    lines = [line.strip() for line in read_text(path).splitlines()]
    tokens = tuple(check_token(text) for text in lines if text and not text.startswith("#"))
    if not tokens:
        raise InputError(f"{path}: has no token; write one a line")
    return tokens
