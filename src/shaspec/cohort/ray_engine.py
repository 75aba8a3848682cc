"""Segment a cohort with Ray: on this computer, or on all computers of a cluster.

Tasks read cases ahead and write results; actors, each with the model, run the network in between.
The process that started the run gives out the work and is the only one that writes the manifest.

These are Ray's tasks and actors, not Ray Data: its retries are for a block of rows, without a
count per case, so a case that ends every process would end the run or be tried for ever.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.exceptions import RayError

from shaspec.cohort.manifest import Manifest, Record
from shaspec.cohort.ray_connection import connected
from shaspec.cohort.ray_stages import Place, Predictor, read, write
from shaspec.cohort.segmenter import Outcome, by_case
from shaspec.cohort.stages import LOST, TRIES, Stages, Work
from shaspec.errors import InputError
from shaspec.io import CaseFiles

QUEUE = 2
"""Cases that an actor is given at a time: while one is segmented, the next is brought to it."""
SPREAD = {"num_cpus": 0, "max_retries": TRIES - 1, "scheduling_strategy": "SPREAD"}
"""Options of tasks: their number is bounded here, so they never wait for the actors' cores."""


def segment_with_ray(
    cases: Sequence[CaseFiles], stages: Stages, manifest: Manifest, workers: int
) -> Iterator[Outcome]:
    """As `shaspec.cohort.run.segment_cohort`, on the computers of a Ray cluster.

    Args:
        cases: the cases.
        stages: of the run.
        manifest: of the folder of the results, which all computers reach by the same path.
        workers: actors; each loads the model.

    Yields:
        What became of each case, in the order in which they end.

    Raises:
        InputError: if there is no cluster, or the model cannot be loaded there.
    """
    with connected():
        cluster = _Cluster(stages, manifest, workers)
        try:
            yield from cluster.run(cases)
        finally:
            cluster.close()


@dataclass(eq=False)
class _Actor:
    """A predictor and the cases that it has; the first of them is in work."""

    handle: Any
    jobs: list[_Job] = field(default_factory=list)
    blamed: _Job | None = None
    """The case that was in work when it ended."""


@dataclass(eq=False)
class _Job:
    """One case on its way."""

    files: CaseFiles
    loaded: Any = None
    work: Work | None = None
    notices: tuple[str, ...] = ()
    actor: _Actor | None = None
    result: Any = None
    """Result of a subset that is not in the manifest yet."""
    lines: dict[str, Record] = field(default_factory=dict)
    """Asked subset -> its last line in the manifest."""
    seconds: dict[Any, dict[str, float]] = field(default_factory=dict)
    """Writing task -> seconds that were measured before it."""
    segmented: bool = False
    lost: bool = False
    tries: int = 0
    error: str = ""


class _Cluster:
    """Actors and tasks of a run."""

    def __init__(self, stages: Stages, manifest: Manifest, count: int) -> None:
        self._stages, self._manifest, self._count = stages, manifest, count
        self._place = ray.put(Place(stages, os.getcwd()))
        self._read = ray.remote(read).options(num_returns=2, **SPREAD)
        self._write = ray.remote(write).options(**SPREAD)
        self._options, self._threads = shares(
            ray.cluster_resources(), count, stages.settings.device
        )
        self._ready: deque[_Job] = deque()
        self._pending: dict[Any, tuple[str, _Job]] = {}
        self._actors: list[_Actor] = []

    def run(self, cases: Sequence[CaseFiles]) -> Iterator[Outcome]:
        """Segment cases; see `segment_with_ray`."""
        before = by_case(self._manifest)
        waiting = deque(cases)
        while waiting or self._pending or self._ready:
            reading = sum(stage == "read" for stage, _ in self._pending.values())
            while waiting and reading + len(self._ready) < QUEUE * self._count:
                files = waiting.popleft()
                job = _Job(files, lines=before.get(files.name, {}))
                planned, job.loaded = self._read.remote(self._place, files, job.lines)
                self._pending[planned] = "read", job
                reading += 1
            self._feed()
            for ref in self._next():
                stage, job = self._pending.pop(ref)
                if stage == "read":
                    outcome = self._was_read(ref, job)
                elif stage == "write":
                    outcome = self._was_written(ref, job)
                else:
                    outcome = self._has_segmented(ref, job)
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        """End the actors, even within a case: files are written atomically."""
        for actor in self._actors:
            ray.kill(actor.handle)

    def _next(self) -> list[Any]:
        """What can go on; results are not taken while too many wait to be written."""
        writing = sum(stage == "write" for stage, _ in self._pending.values())
        full = writing >= QUEUE * self._count
        refs = [r for r, (stage, _) in self._pending.items() if not (full and stage == "segment")]
        done, _ = ray.wait(refs, num_returns=1, fetch_local=False)
        return list(done)

    def _start_all(self) -> None:
        """Start the actors with the first case: none where all cases are done."""
        self._actors = [self._start() for _ in range(self._count)]
        try:
            errors = ray.get([actor.handle.start.remote() for actor in self._actors])
        except RayError as error:
            raise InputError(f"a process of the Ray cluster cannot start: {error}") from error
        if any(errors):
            raise InputError(f"on a computer of the Ray cluster: {next(filter(None, errors))}")

    def _start(self) -> _Actor:
        made = ray.remote(Predictor).options(**self._options)
        return _Actor(made.remote(self._place, self._threads))

    def _feed(self) -> None:
        """Give the cases that are read to the actors that have fewest."""
        if self._ready and not self._actors:
            self._start_all()
        while self._ready:
            actor = min(self._actors, key=lambda a: len(a.jobs))
            if len(actor.jobs) >= QUEUE:
                return
            job = self._ready.popleft()
            job.actor, job.segmented, job.lost, job.result = actor, False, False, None
            actor.jobs.append(job)
            segment = actor.handle.segment.options(num_returns="streaming")
            self._pending[segment.remote(job.work, job.loaded)] = "segment", job

    def _was_read(self, ref: Any, job: _Job) -> Outcome | None:
        try:
            answer = ray.get(ref)
        except RayError:
            return self._given_up(job)
        if isinstance(answer, Record):
            self._manifest.append(answer)
            return Outcome(job.files.name, "failed", answer.error)
        job.work, job.notices = answer.work, answer.notices
        if not answer.work.left:
            return Outcome(job.files.name, "skipped")
        self._ready.append(job)
        return None

    def _has_segmented(self, results: Any, job: _Job) -> Outcome | None:
        """Take the next result of a case, or the line that belongs to it."""
        assert job.actor is not None
        try:
            ref = next(results)
        except StopIteration:
            return self._has_ended(job, lost=job.result is not None)
        if job.result is None:
            job.result = ref
            self._pending[results] = "segment", job
            return None
        try:
            record: Record = ray.get(ref)
        except RayError:
            return self._has_ended(job, lost=True)
        self._pending[results] = "segment", job
        result, job.result = job.result, None
        seconds, record = record.seconds, record.model_copy(update={"seconds": {}})
        self._append(record, job)
        if record.status == "writing":
            written = self._write.remote(self._place, job.files, record, result)
            self._pending[written] = "write", job
            job.seconds[written] = seconds
        return None

    def _has_ended(self, job: _Job, *, lost: bool) -> Outcome | None:
        """The actor has finished with a case, or ended itself."""
        actor = job.actor
        assert actor is not None
        if lost and actor in self._actors:  # the first of its cases that hears of it
            actor.blamed = actor.jobs[0]
            self._actors[self._actors.index(actor)] = self._start()
        job.tries += actor.blamed is job
        actor.jobs.remove(job)
        job.segmented, job.lost = True, lost or job.lost
        return self._outcome(job)

    def _was_written(self, ref: Any, job: _Job) -> Outcome | None:
        seconds = job.seconds.pop(ref)
        try:
            record: Record = ray.get(ref)
        except RayError:  # the process ended, or the computer with the result
            job.tries += not job.lost
            job.lost = True
        else:
            times = {**record.seconds, **seconds} if record.status == "done" else {}
            self._append(record.model_copy(update={"seconds": times}), job)
        return self._outcome(job)

    def _append(self, record: Record, job: _Job) -> None:
        self._manifest.append(record)
        if record.asked:
            job.lines = {**job.lines, record.asked: record}
        job.error = record.error or job.error

    def _outcome(self, job: _Job) -> Outcome | None:
        """What became of a case, once all its results are written."""
        if not job.segmented or job.seconds:
            return None
        if job.error:
            return Outcome(job.files.name, "failed", job.error)
        if not job.lost:
            return Outcome(job.files.name, "done", notices=job.notices)
        if job.tries >= TRIES:
            return self._given_up(job)
        assert job.work is not None
        name = self._stages.card.task.subset_name
        done = {asked for asked, r in job.lines.items() if r.status in ("done", "left out")}
        left = [subset for subset in job.work.left if name(subset) not in done]
        job.work = replace(job.work, left=left, before=job.lines)
        self._ready.appendleft(job)
        return None

    def _given_up(self, job: _Job) -> Outcome:
        self._manifest.append(Record(case=job.files.name, status="failed", error=LOST))
        return Outcome(job.files.name, "failed", LOST)


def shares(
    resources: dict[str, float], count: int, device: str
) -> tuple[dict[str, float | str], int]:
    """What each of several actors reserves, and the threads that it computes with.

    Args:
        resources: ``CPU`` and ``GPU`` of the cluster.
        count: number of actors.
        device: as for a run; with ``auto`` the cluster's GPUs are used if it has any.

    Returns:
        Options for Ray, and the number of threads.

    Raises:
        InputError: for one GPU by its number, or GPUs that the cluster does not have.
    """
    cores, gpus = resources.get("CPU", 0), resources.get("GPU", 0)
    if device.startswith("cuda:"):
        raise InputError(f"--device {device}: Ray shares out the GPUs; give cuda, auto or cpu")
    if device == "cuda" and not gpus:
        raise InputError("--device cuda: the Ray cluster has no GPU")
    options: dict[str, float | str] = {"scheduling_strategy": "SPREAD", "max_restarts": 0}
    options["num_cpus"] = _part(cores, count)
    if gpus and device != "cpu":
        options["num_gpus"] = _part(gpus, count)
    return options, max(1, int(cores) // count)


def _part(there: float, count: int) -> float:
    """1, or the share of one where there are fewer than actors."""
    return 1 if there >= count else 1 / -(-count // max(1, int(there)))
