"""Errors for users: each names the file or setting, and how to correct it.

None derives from ``RuntimeError``, which napari's generator worker swallows silently: the
interface would show a running job forever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any


class ShaspecError(Exception):
    """Base class of the errors of this package; messages are written for users."""


class ShaspecWarning(UserWarning):
    """A notice about a run from Python, e.g. that it continued with smaller windows."""


class InputError(ShaspecError):
    """A file, folder, array or option that cannot be used as it is."""


class UndecidedError(InputError):
    """Ambiguous input, with the option that decides.

    The message is ``doubt``, then the option for the command line. A window offers ``choices``.
    """

    def __init__(self, doubt: str, remedy: str, option: str, choices: Mapping[str, Any]) -> None:
        """Make the error.

        Args:
            doubt: what is ambiguous; names the file.
            remedy: the option of the command line and its values.
            option: the argument of `shaspec.io.read_case` that decides.
            choices: meaning of each value of the argument -> the value.
        """
        super().__init__(f"{doubt}; {remedy}")
        self.doubt = doubt
        self.option = option
        self.choices = dict(choices)


class WeightsError(ShaspecError):
    """A model folder whose card and weights do not match each other or the task."""


class NamesError(WeightsError):
    """Tensors that do not match a network; the message has the first names of each list."""

    def __init__(
        self, message: str, missing: list[str], unexpected: list[str], of_another_shape: list[str]
    ) -> None:
        super().__init__(message)
        self.missing = missing
        self.unexpected = unexpected
        self.of_another_shape = of_another_shape


class OutOfMemoryError(ShaspecError):
    """Not even the smallest window fits into the memory of the device."""


class ServerError(ShaspecError):
    """A server of `shaspec serve` that cannot be reached, or refuses a request."""


def in_words(errors: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> str:
    """Errors of pydantic as text, key by key; for an unknown key, the most similar of ``keys``."""

    def message(error: Mapping[str, Any], key: str) -> str:
        if error["type"] != "extra_forbidden":
            return str(error["msg"])
        close = get_close_matches(key, names, n=1) if "." not in key else []
        return "there is no such key" + (f", do you mean {close[0]}?" if close else "")

    names = list(keys)
    named = [(error, ".".join(map(str, error["loc"])) or "settings") for error in errors]
    return "; ".join(f"{key}: {message(error, key)}" for error, key in named)
