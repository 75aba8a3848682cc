"""Cases per hour of ``shaspec cohort`` with one and with several processes, also with Ray.

    python -m benchmarks.throughput --cases 16 --workers 1,2,4
    python -m benchmarks.throughput --cases 16 --workers 1,2,4 --engines processes,ray
    python -m benchmarks.throughput --data FOLDER --workers 1,2,4

Without ``--data`` the cases are phantoms of ``--size`` voxels. Every number of processes segments
the same cases into an empty folder. *Waiting* is the share of the time of a process in which its
network waits: without Ray for reading and writing, with Ray for the next case. The time until the
first case is not in it, but in the seconds. *Processor* are the seconds of the processor of all
processes, which other work on the computer does not change; with Ray they are not known, as its
processes are not ended by this one. The last column is the speed against the first row of
the engine, divided by the number of processes: 1 is perfect. A process has at least one core to
itself only where the computer has that many, so the number of cores is printed too. With Ray the
tasks that read and write have processes of their own.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from shaspec.cohort.manifest import Manifest
from shaspec.cohort.run import segment_cohort
from shaspec.cohort.settings import Settings
from shaspec.io import CaseFiles, find_cases, write_case
from shaspec.models.card import load_card
from shaspec.phantom import make_case


def main() -> int:
    """Measure and print a table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder or list of cases")
    parser.add_argument("--cases", type=int, default=16, help="at most this many")
    parser.add_argument("--size", default="155,240,240", help="voxels of a phantom")
    parser.add_argument("--model", default="shaspec")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--engines", default="processes", help="processes, ray, or both")
    options = parser.parse_args()
    task = load_card(options.model).task
    with TemporaryDirectory() as name:
        data = options.data or phantoms(Path(name) / "data", options.cases, options.size)
        cases = find_cases(data, task, with_labels=False)[: options.cases]
        print(f"{len(cases)} cases, model {options.model}, {len(os.sched_getaffinity(0))} cores")
        print(f"{'engine':11}processes  seconds  processor  cases per hour  waiting  "
              "speed per process")  # fmt: skip
        for engine in options.engines.split(","):
            alone = 0.0
            for workers in map(int, options.workers.split(",")):
                out = Path(name) / f"out-{engine}-{workers}"
                out.mkdir()
                before = processor()
                seconds = timed(cases, options.model, out, workers, engine)
                spent = f"{processor() - before:.1f}" if engine == "processes" else "-"
                rate = 3600 * len(cases) / seconds
                alone = alone or rate / workers
                print(f"{engine:11}{workers:9}{seconds:9.1f}{spent:>11}{rate:16.0f}{waiting(out):9.0%}"
                      f"{rate / workers / alone:19.2f}", flush=True)  # fmt: skip
    return 0


def phantoms(folder: Path, count: int, size: str) -> Path:
    """Write phantoms; returns their folder."""
    shape = tuple(map(int, size.split(",")))
    for number in range(count):
        case = make_case(9_000_000 + number, shape=shape)
        write_case(folder / case.name, case)
    return folder


def timed(cases: list[CaseFiles], model: str, out: Path, workers: int, engine: str) -> float:
    """Seconds until all cases are segmented, with the start of the processes."""
    begin = time.perf_counter()
    for outcome in segment_cohort(cases, Settings(model), out, workers=workers, engine=engine):
        if outcome.status != "done":
            raise SystemExit(f"{outcome.case}: {outcome.status} {outcome.error}")
    return time.perf_counter() - begin


def processor() -> float:
    """Seconds of the processor so far, of this process and of those that it has ended."""
    return sum(os.times()[:4])


def waiting(out: Path) -> float:
    """Share of the time of the networks in which they wait for the files of a case."""
    seconds = [record.seconds for record in Manifest(out).latest().values()]
    waits = sum(s.get("wait", s["read"] + s["write"]) for s in seconds)
    return waits / (waits + sum(s["total"] for s in seconds))


if __name__ == "__main__":
    sys.exit(main())
