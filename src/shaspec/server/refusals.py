"""Requests that are not carried out, each with a status of HTTP and a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from shaspec.errors import ShaspecError


class RefusedError(ShaspecError):
    """A request that is not carried out.

    Args:
        status: of HTTP.
        message: what happened and what to do.
        missing: volumes to upload first.
        offset: bytes of an upload that have arrived.
    """

    def __init__(
        self, status: int, message: str, *, missing: Iterable[str] = (), offset: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.missing = tuple(missing)
        self.offset = offset
