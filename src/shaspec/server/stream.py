"""The answer to a run: its events as lines, with the arrays of the result after their lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import numpy.typing as npt

from shaspec.errors import ShaspecError
from shaspec.inference.events import Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.prediction import Classification, Prediction
from shaspec.remote.packing import pack
from shaspec.remote.wire import (
    Alive,
    Attached,
    Done,
    Failed,
    GridFacts,
    RunRequest,
    Said,
    Started,
    Step,
    Waiting,
    line,
)
from shaspec.server.sessions import Outcome, Sessions
from shaspec.server.worker import END, Job, Worker
from shaspec.task_parts import Frozen

BEAT = 1.0
"""Seconds after which a line is sent in any case."""
Arrays = Mapping[tuple[str, ...], npt.NDArray[Any]]


async def answer(
    sessions: Sessions, worker: Worker, name: str, request: RunRequest
) -> AsyncIterator[bytes]:
    """Run, and say how it goes. The run ends with the last line, or when nobody reads any more.

    Args:
        sessions: all of them.
        worker: computes.
        name: of the session.
        request: what to run.
    """
    try:
        served = sessions.enter(name)
    except ShaspecError as error:  # closed since the request was accepted
        yield line(Failed(kind="input", text=str(error)))
        return
    job = worker.start(lambda: sessions.run(served, request), lambda: sessions.leave(served))
    try:
        yield line(Started(job=job.name))
        while (event := await _next(job)) is not END:
            if event is None:
                yield line(Alive() if job.running else Waiting(before=worker.before(job)))
            elif isinstance(event, Outcome):
                async for part in _result(event):
                    yield part
            else:
                yield line(_said(event))
    finally:
        worker.end(job)


async def _next(job: Job) -> Any:
    """The next event; None after `BEAT` without any."""
    try:
        return await asyncio.wait_for(job.queue.get(), BEAT)
    except TimeoutError:
        return None


def _said(event: Progress | Notice | Failed) -> Frozen:
    if isinstance(event, Progress):
        return Step(done=event.done, total=event.total, stage=event.stage)
    return Said(text=event.text) if isinstance(event, Notice) else event


async def _result(outcome: Outcome) -> AsyncIterator[bytes]:
    result = outcome.result
    for name, array in _arrays(result):
        facts, data = await asyncio.to_thread(pack, array)
        yield line(Attached(name=name, facts=facts, bytes=len(data)))
        yield data
    grid = GridFacts.of(result.grid) if isinstance(result, FeatureMaps) else None
    provenance = {k: v for k, v in result.provenance.items() if k not in ("source", "files")}
    yield line(Done(provenance=provenance, kept=outcome.kept, grid=grid))


def _arrays(
    result: Prediction | Classification | FeatureMaps,
) -> Iterator[tuple[tuple[str, ...], npt.NDArray[Any]]]:
    """Field of the result, and keys in it -> array."""
    if isinstance(result, Classification):
        yield ("probabilities",), result.probabilities
    elif isinstance(result, Prediction):
        yield ("labels",), result.labels
        yield from ((("probabilities", k), v) for k, v in result.probabilities.items())
        yield from ((("label_probabilities", k), v) for k, v in result.label_probabilities.items())
    else:
        yield ("inside",), result.inside
        yield from ((("maps", *key), array) for key, array in result.maps.items())
        yield from ((("windows", *key), array) for key, array in result.windows.items())
