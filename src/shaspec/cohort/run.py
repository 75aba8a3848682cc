"""Segment many cases, in this process or by several that share the work."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from shaspec.cohort.manifest import Manifest, Record
from shaspec.cohort.segmenter import Outcome, Segmenter
from shaspec.cohort.settings import Settings
from shaspec.cohort.stages import LOST, TRIES
from shaspec.errors import InputError
from shaspec.files.lock import locked_folder
from shaspec.inference.events import Progress
from shaspec.io.folders import CaseFiles

ENGINES = ("processes", "ray")
MISSING = '--engine ray needs Ray: run pip install "shaspec[cluster]"'


def segment_cohort(
    cases: Sequence[CaseFiles],
    settings: Settings,
    out: Path,
    *,
    shard: str = "",
    workers: int = 1,
    engine: str = "processes",
) -> Iterator[Outcome]:
    """Segment cases into a folder, one label map per case and subset.

    What was done before, by the same settings from the same files, is skipped. Every step is a line
    of the manifest, see `shaspec.cohort.manifest`. A case that cannot be segmented does not stop
    the others, nor does a process that is killed.

    Args:
        cases: the cases, see `shaspec.io.find_cases`.
        settings: how they are segmented.
        out: folder of the results.
        shard: the part of the cases that this process has, for the name of its manifest.
        workers: processes; each loads the model.
        engine: ``processes`` of this computer, or ``ray``: the cluster that the environment
            variable ``RAY_ADDRESS`` names, or this computer without it.

    Yields:
        What became of each case, in the order in which they end.

    Raises:
        InputError: for settings that do not fit the model, a manifest that cannot be written, or
            Ray if it is not installed or cannot be reached.
        WeightsError: if the model cannot be loaded.
    """
    if engine not in ENGINES:
        raise InputError(f"--engine {engine}: give {' or '.join(ENGINES)}")
    manifest = Manifest(out, shard)
    with locked_folder(out, "segmenting", f".{manifest.path.stem}.lock"):
        yield from _segmented(cases, settings, manifest, workers, engine)


def _segmented(
    cases: Sequence[CaseFiles], settings: Settings, manifest: Manifest, workers: int, engine: str
) -> Iterator[Outcome]:
    segmenter = Segmenter(settings, manifest)  # with workers, too: its errors come before the work
    if engine == "ray":
        try:
            from shaspec.cohort.ray_engine import segment_with_ray
        except ModuleNotFoundError as error:
            if error.name != "ray":
                raise
            raise InputError(MISSING) from error
        stages = segmenter.stages
        del segmenter
        yield from segment_with_ray(cases, stages, manifest, workers)
        return
    if workers <= 1 or len(cases) <= 1:
        yield from map(segmenter.segment, cases)
        return
    del segmenter
    pool = _Pool(settings, manifest, min(workers, len(cases)))
    try:
        yield from pool.run(cases)
    finally:
        pool.close()


@dataclass(frozen=True)
class Working:
    """Event: how far one case of a cohort is."""

    number: int
    """Number of the case, from 0."""
    case: str
    progress: Progress


def cohort_job(
    cases: Sequence[CaseFiles], settings: Settings, out: Path
) -> Iterator[Working | Outcome]:
    """As `segment_cohort` in this process, with the progress within each case.

    Args:
        cases: the cases, see `shaspec.io.find_cases`.
        settings: how they are segmented.
        out: folder of the results.

    Yields:
        The progress within a case, and then what became of it. Closing it ends the work after the
        current window; the next run takes up that case again.

    Raises:
        InputError: for settings that do not fit the model, or a manifest that cannot be written.
        WeightsError: if the model cannot be loaded.
    """
    manifest = Manifest(out)
    with locked_folder(out, "segmenting", f".{manifest.path.stem}.lock"):
        segmenter = Segmenter(settings, manifest)
        for number, case in enumerate(cases):
            yield Working(number, case.name, Progress(0, 0, "reading"))
            for event in segmenter.steps(case):
                if isinstance(event, Outcome):
                    yield event
                else:
                    yield Working(number, case.name, event)


@dataclass
class _Worker:
    """One process, and the case that it has."""

    rank: int
    process: BaseProcess
    connection: Connection
    case: CaseFiles | None = None


class _Pool:
    """Worker processes. One that dies is replaced."""

    def __init__(self, settings: Settings, manifest: Manifest, count: int) -> None:
        self._settings, self._manifest, self._count = settings, manifest, count
        self._context = multiprocessing.get_context("spawn")
        self._workers = [self._start(rank) for rank in range(count)]

    def run(self, cases: Sequence[CaseFiles]) -> Iterator[Outcome]:
        waiting = deque(cases)
        tries: dict[str, int] = {}
        left = len(cases)
        while left:
            for worker in self._workers:
                if worker.case is None and waiting:
                    self._give(worker, waiting.popleft())
            ready = wait([w.connection for w in self._workers if w.case is not None])
            for worker in [w for w in self._workers if w.connection in ready]:
                case = worker.case
                assert case is not None
                try:
                    outcome = worker.connection.recv()
                except (EOFError, OSError):
                    tries[case.name] = tries.get(case.name, 0) + 1
                    self._replace(worker)
                    if tries[case.name] < TRIES:
                        waiting.append(case)
                        continue
                    outcome = self._lost(case)
                worker.case = None
                left -= 1
                yield outcome

    def close(self) -> None:
        """End the processes, even within a case: files are written atomically."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()

    def _start(self, rank: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_serve,
            args=(theirs, self._settings, self._manifest, rank, self._count),
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Worker(rank, process, ours)

    def _give(self, worker: _Worker, case: CaseFiles) -> None:
        worker.case = case
        try:
            worker.connection.send(case)
        except OSError:  # it died before; the reader finds that out
            return

    def _replace(self, worker: _Worker) -> None:
        worker.process.join()
        worker.connection.close()
        new = self._start(worker.rank)
        worker.process, worker.connection, worker.case = new.process, new.connection, None

    def _lost(self, case: CaseFiles) -> Outcome:
        self._manifest.append(Record(case=case.name, status="failed", error=LOST))
        return Outcome(case.name, "failed", LOST)


def _serve(
    connection: Connection, settings: Settings, manifest: Manifest, rank: int, count: int
) -> None:
    """The loop of a worker process: receives a case, sends its outcome."""
    import torch

    gpus = torch.cuda.device_count()
    if gpus > 1 and settings.device in ("auto", "cuda"):
        settings = replace(settings, device=f"cuda:{rank % gpus}")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // count))
    segmenter = Segmenter(settings, manifest)
    while True:
        try:
            case = connection.recv()
        except EOFError:  # the parent ended
            return
        connection.send(segmenter.segment(case))
