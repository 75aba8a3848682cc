"""The answer to a run, as it comes: events and arrays, from a stream of lines and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import numpy.typing as npt
from pydantic import ValidationError

from shaspec.errors import InputError, OutOfMemoryError, ServerError
from shaspec.inference.events import Notice, Progress
from shaspec.remote.connection import LostError
from shaspec.remote.packing import unpack
from shaspec.remote.wire import (
    EVENTS,
    LONGEST_LINE,
    Attached,
    Done,
    Failed,
    Said,
    ServerEvent,
    Step,
    Waiting,
)

Array = npt.NDArray[Any]
LONGEST_TEXT = 4000
"""Characters of a message that are shown."""
SPARE = 64 * 1024
"""Bytes by which a compressed array may be larger than the array."""


def events_of(
    stream: IO[bytes], arrays: dict[tuple[str, ...], Array], most: int
) -> Iterator[ServerEvent]:
    """Read the events of a run.

    Args:
        stream: the answer of the server.
        arrays: filled with the arrays of the result.
        most: bytes that all arrays may take.

    Yields:
        The events but those of arrays; the last one is `Done` or `Failed`.

    Raises:
        LostError: if the stream ends before.
        ServerError: if it is not what a server of this version sends.
    """
    room = most
    while True:
        text = stream.readline(LONGEST_LINE)
        if not text.endswith(b"\n"):
            raise LostError("the server ended the run: start it again")
        try:
            event = EVENTS.validate_json(text)
            if not isinstance(event, Attached):
                yield event
                if isinstance(event, Done | Failed):
                    return
                continue
            room -= event.facts.nbytes
            if room < 0 or event.bytes > event.facts.nbytes + SPARE:
                raise ServerError("the server sends more than a result of this case takes")
            arrays[event.name] = unpack(event.facts, _bytes(stream, event.bytes))
        except (ValidationError, InputError) as error:
            raise ServerError(
                "the server sends something that this version does not understand: use the same "
                f"version of shaspec on both sides ({type(error).__name__})"
            ) from error


def said_by(event: ServerEvent, last: Progress, server: str) -> Progress | Notice:
    """An event of a server as one of a session.

    Args:
        event: any but the first and the last of a run.
        last: the progress before.
        server: its address.

    Returns:
        The event of a session; ``last`` if there is nothing new.

    Raises:
        InputError: of the run.
        OutOfMemoryError: of the run.
        ServerError: if the server failed.
    """
    if isinstance(event, Step):
        return Progress(event.done, event.total, _short(event.stage))
    if isinstance(event, Said):
        return Notice(_short(event.text))
    if isinstance(event, Waiting):
        runs = f"{event.before} run" + ("" if event.before == 1 else "s")
        return Progress(0, 0, f"waiting for {runs} of others")
    if isinstance(event, Failed):
        kinds = {"input": InputError, "memory": OutOfMemoryError, "server": ServerError}
        raise kinds[event.kind](f"server {server}: {_short(event.text)}")
    return last


def _short(text: str) -> str:
    """A text of the server that an interface can show: a line of it can have 16 MiB."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."


def _bytes(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise LostError("the server ended the run: start it again")
    return data
