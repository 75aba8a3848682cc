"""Notices about a case: sentences for the user, each of a kind that programs can ask for.

What a program does with a notice depends on its kind alone, never on its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about."""

    WARNING = "warning"
    """Something that the user has to judge. Every plain string counts as this."""
    LABELS_READ = "labels read"
    """How labels were read, beyond doubt: nothing to judge."""
    LABELS_UNUSED = "labels unused"
    """Why files that may be labels are not used as labels."""


class CaseNotice(str):
    """A sentence with its kind. It is a string in every other respect."""

    kind: NoticeKind

    def __new__(cls, text: str, kind: NoticeKind = NoticeKind.WARNING) -> CaseNotice:
        """Make the notice.

        Args:
            text: the sentence.
            kind: what it is about.
        """
        notice = super().__new__(cls, text)
        notice.kind = kind
        return notice


def kind_of(text: str) -> NoticeKind:
    """The kind of a notice; that of a plain string is a warning."""
    return text.kind if isinstance(text, CaseNotice) else NoticeKind.WARNING


def of_kind(notices: Iterable[str], kind: NoticeKind) -> tuple[str, ...]:
    """The notices of one kind, in their order."""
    return tuple(text for text in notices if kind_of(text) is kind)


def to_judge(notices: Iterable[str]) -> tuple[str, ...]:
    """The notices that a user has to judge: all but those of how labels were read."""
    return tuple(text for text in notices if kind_of(text) is not NoticeKind.LABELS_READ)
