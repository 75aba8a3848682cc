"""Messages of the engine in the words of the window: controls in place of options."""

from __future__ import annotations

import re

WORDS = (
    (r"(leave (?:it|this one|the scan)|the\s+scan) out with --present", r"\1 out"),
    (r"with shaspec prepare", "with Prepare… in the panel Segment"),
    (r"pass the scan \((\w+)=file\)", r"choose the scan of \1"),
    (r"which --present requests", "which is ticked"),
)
"""Pattern in a message -> what the window has in its place."""


def in_window(text: str) -> str:
    """A message of the engine, which may name options of the command line, for the window."""
    for pattern, words in WORDS:
        text = re.sub(pattern, words, text)
    return text
