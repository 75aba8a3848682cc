"""Several users on one server with small bounds: what it takes of memory and disk, and what stays.

    python benchmarks/users.py [USERS] [CASES] [SIDE]

Starts `shaspec serve` with 100 MB each for disk, cases and features, and one minute of patience.
USERS clients open CASES cases each, of noise that cannot be compressed, toggle them, and vanish
without a word. Prints the memory of the server and the size of its nameless files: these must stay
within the bound, and be gone two minutes later. Reads /proc, so needs Linux.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from shaspec.case import Case
from shaspec.errors import ServerError
from shaspec.geometry import Grid
from shaspec.remote.server import RemoteServer
from shaspec.task import load_task

LIMIT = 0.1  # GB
MB = 1e6
COMMAND = [
    *(sys.executable, "-m", "shaspec", "serve", "--port", "0", "--device", "cpu", "--idle", "1"),
    *("--disk", str(LIMIT), "--memory", str(LIMIT), "--features", str(LIMIT), "--sessions", "8"),
]


def case_of(seed: int, side: int) -> Case:
    """A case of noise."""
    task, shape = load_task("brats"), (side,) * 3
    rng = np.random.default_rng(seed)
    volumes = {name: rng.random(shape, np.float32) + 1 for name in task.names}
    return Case(f"noise-{seed}", task, Grid(shape, task.spacing), volumes)


def files(process: int) -> tuple[int, float]:
    """Number and MB of the open files of a process that have no name any more."""
    sizes = []
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(entry):
                sizes.append(entry.stat().st_size)
        except OSError:  # closed meanwhile
            continue
    return len(sizes), sum(sizes) / MB


def memory(process: int) -> float:
    """MB of memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 / MB if found else 0.0


def use(address: str, user: int, cases: int, side: int, said: list[str]) -> None:
    """One user: every case, twice, with two subsets; what the server refuses is kept."""
    client = RemoteServer(address)
    for number in (*range(cases), *range(cases)):
        session = client.session("shaspec", case_of(1000 * user + number, side))
        for subset in (None, ("FLAIR", "T2")):
            try:
                *_, event = session.predict(subset)
                assert event.prediction.labels.shape == (side,) * 3  # type: ignore[union-attr]
                said.append("done")
            except ServerError as error:
                said.append(str(error).partition(": ")[2][:60])


def main() -> None:
    """Run the users, then wait for the server to forget them."""
    users, cases, side = (int(word) for word in [*sys.argv[1:], "4", "4", "96"][:3])
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = next(m[0] for line in process.stdout if (m := re.search(r"http://\S+", line)))
    said: list[str] = []
    try:
        print(f"start: {memory(process.pid):.0f} MB of memory")
        threads = [
            threading.Thread(target=use, args=(address, user, cases, side, said))
            for user in range(users)
        ]
        for thread in threads:
            thread.start()
        most, largest, count = 0.0, 0.0, 0
        while any(thread.is_alive() for thread in threads):
            most = max(most, memory(process.pid))
            number, size = files(process.pid)
            largest, count = max(largest, size), max(count, number)
            time.sleep(0.2)
        print(f"{users} users, {cases} cases of {side}^3 each: {len(said)} runs")
        for text in sorted(set(said)):
            print(f"  {said.count(text)} x {text}")
        print(f"most memory {most:.0f} MB; most on the disk {largest:.0f} MB in {count} files")
        for _ in range(6):
            number, size = files(process.pid)
            print(f"left: {memory(process.pid):.0f} MB of memory; {size:.0f} MB in {number} files")
            time.sleep(30)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
