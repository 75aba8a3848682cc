"""Names in tasks and cards: text for one line, and parts of file names."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
"""What cannot be in the name of a file on every system."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names of devices on Windows, with any ending."""
LONGEST = 80
"""Letters of a name; several are joined to a file name."""


def is_file_name_part(text: str) -> bool:
    """True for a name that can be part of a file name on every system."""
    bare = text.strip(" .")
    return bool(bare) and bare == text and not NO_NAME.search(text) and not RESERVED.fullmatch(text)


def as_file_name_part(text: str) -> str:
    """``text`` with ``-`` for characters that file names cannot have; ``unnamed`` if empty."""
    kept = NO_NAME.sub("-", text)[:LONGEST].strip(" .") or "unnamed"
    return f"{kept}-" if RESERVED.fullmatch(kept) else kept


def _one_line(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("control characters and line breaks are not allowed in a name")
    return text


def _part(text: str) -> str:
    if not is_file_name_part(text):
        raise ValueError(
            f"{text!r} cannot be part of a file name; use letters, digits, - and _, no separator "
            'such as / or :, and no reserved name such as "CON"'
        )
    return text


Line = Annotated[str, StringConstraints(max_length=400), AfterValidator(_one_line)]
"""Text without line breaks and control characters."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_part)]
"""A name that becomes part of file names."""
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""``#rrggbb``."""
