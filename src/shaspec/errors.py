"""Errors that reach a user: each names the file or the setting, and the mend.

None of them derives from ``RuntimeError``: a napari generator worker swallows that one
silently and would leave the interface running for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any


class ShaspecError(Exception):
    """Base of every error this package raises on purpose; the message is written for a user."""


class ShaspecWarning(UserWarning):
    """A notice about a run from Python, e.g. that it continued with smaller windows."""


class InputError(ShaspecError):
    """A file, a folder, an array or an option that cannot be used as it is."""


class UndecidedError(InputError):
    """Input that can be read in more than one way, and the option that decides.

    The message is ``doubt``, then what to do on the command line. A window offers ``choices``.
    """

    def __init__(self, doubt: str, mend: str, option: str, choices: Mapping[str, Any]) -> None:
        """Make the error.

        Args:
            doubt: what cannot be decided; names the file.
            mend: the option of the command line and its values.
            option: the argument of `shaspec.io.read_case` that decides.
            choices: what each value of the argument means -> the value.
        """
        super().__init__(f"{doubt}; {mend}")
        self.doubt = doubt
        self.option = option
        self.choices = dict(choices)


class WeightsError(ShaspecError):
    """A model folder whose card and weights do not fit each other, or the task."""


class NamesError(WeightsError):
    """Tensors that are not those of a network; the message has the first names of each list."""

    def __init__(
        self, message: str, missing: list[str], unexpected: list[str], of_another_shape: list[str]
    ) -> None:
        super().__init__(message)
        self.missing = missing
        self.unexpected = unexpected
        self.of_another_shape = of_another_shape


class OutOfMemoryError(ShaspecError):
    """Not even the smallest window fits into the memory of the device."""


def in_words(errors: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> str:
    """What pydantic found wrong, key by key; for one that is none of ``keys``, what was meant."""

    def said(error: Mapping[str, Any], key: str) -> str:
        if error["type"] != "extra_forbidden":
            return str(error["msg"])
        close = get_close_matches(key, known, n=1) if "." not in key else []
        return "there is no such key" + (f", do you mean {close[0]}?" if close else "")

    known = list(keys)
    named = [(error, ".".join(map(str, error["loc"])) or "settings") for error in errors]
    return "; ".join(f"{key}: {said(error, key)}" for error, key in named)
