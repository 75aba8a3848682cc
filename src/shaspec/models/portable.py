"""Removal of absolute paths from texts in model cards: only the last part is kept."""

from __future__ import annotations

import re
import shlex
from typing import Any

_BEGIN = r"(?:[/\\]|~|[A-Za-z]:[/\\])"
# Quoted paths up to the quote, others to the end; relative paths do not match.
_ABSOLUTE = re.compile(
    rf"""(?<="){_BEGIN}[^"]* | (?<='){_BEGIN}[^']* | (?:^|(?<==)|(?<==\s)){_BEGIN}.*""",
    re.VERBOSE | re.DOTALL,
)


def portable(value: Any) -> Any:
    """A JSON ``value`` with ``.../name`` in place of absolute paths in its texts."""
    if isinstance(value, str):
        return _ABSOLUTE.sub(_last_part, value)
    if isinstance(value, dict):
        return {key: portable(inner) for key, inner in value.items()}
    return [portable(inner) for inner in value] if isinstance(value, list) else value


def portable_command(command: str) -> str:
    """The same for a command line, word by word."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote: it was never run like this
        words = command.split()
    short = portable(words)
    return command if short == words else shlex.join(short)


def _last_part(path: re.Match[str]) -> str:
    *above, last = re.split(r"[/\\]+", path[0].rstrip("/\\"))
    return f".../{last}" if above else last
