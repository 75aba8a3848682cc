"""What a server on the same machine adds to a toggle, and that both give the same labels.

    python benchmarks/serve.py [MODEL] [ROUNDS]

Starts `shaspec serve` as a process, and runs the same subsets of a phantom here and there in turn.
Prints medians in milliseconds, and CPU milliseconds (on Linux), which hardly depend on other work
of the machine: what client and server take together beyond a local toggle. The aim is 50 ms.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from shaspec.inference.session import InferenceSession
from shaspec.models.weights import load_model
from shaspec.phantom import make_case
from shaspec.remote.server import RemoteServer

TOGGLES = [("FLAIR", "T1", "T2"), ("FLAIR", "T2"), ("T1ce",), ("FLAIR", "T1", "T1ce", "T2")]


def run(session: Any, subset: tuple[str, ...] | None) -> tuple[float, Any]:
    """One run, to its end: milliseconds and result."""
    start = time.perf_counter()
    *_, event = session.predict(subset)
    return 1000 * (time.perf_counter() - start), event.prediction


def cpu(process: int) -> float:
    """CPU milliseconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serving() -> tuple[subprocess.Popen[str], str]:
    """A server with the bundled models, and its address."""
    command = [sys.executable, "-m", "shaspec", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise SystemExit("the server did not start")


def compare(model: str, address: str, server: int, rounds: int) -> None:
    """Time the same runs here and there."""
    case = make_case(9_000_000)
    here = InferenceSession(load_model(model), case)
    there = RemoteServer(address).session(model, case)
    first_here, first_there = run(here, None)[0], run(there, None)[0]
    local, remote = [], []
    local_cpu, remote_cpu = 0.0, 0.0
    for _ in range(rounds):
        for subset in TOGGLES:
            begun = cpu(os.getpid())
            milliseconds, result = run(here, subset)
            local.append(milliseconds)
            local_cpu += cpu(os.getpid()) - begun
            begun = cpu(os.getpid()) + cpu(server)
            milliseconds, answer = run(there, subset)
            remote.append(milliseconds)
            remote_cpu += cpu(os.getpid()) + cpu(server) - begun
            assert np.array_equal(result.labels, answer.labels), subset
    added = [there - here for here, there in zip(local, remote, strict=True)]
    print(f"{model} on {here.device}, {case.name}, {len(local)} toggles, all labels equal")
    print(f"first run here, and there with its upload  {first_here:7.0f} {first_there:7.0f} ms")
    print(f"toggle here, median                        {statistics.median(local):7.0f} ms")
    print(f"toggle there, median                       {statistics.median(remote):7.0f} ms")
    print(f"difference, median                         {statistics.median(added):7.0f} ms")
    print(f"CPU of a toggle here                       {local_cpu / len(local):7.0f} ms")
    print(f"CPU of a toggle there, client and server   {remote_cpu / len(local):7.0f} ms")


def main() -> None:
    """Compare one model."""
    model = sys.argv[1] if len(sys.argv) > 1 else "shaspec"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    process, address = serving()
    try:
        compare(model, address, process.pid, rounds)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
