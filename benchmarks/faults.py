"""Kill commands at random moments and at random accesses to files, and look at what is left.

    python -m benchmarks.faults --kills 20 --seed 1

Each command runs once undisturbed, then ``--kills`` times in a folder of its own, ended by SIGKILL.
A file under its final name has to be whole, the same command run again has to end and give the
results of the undisturbed run, and no temporary file may remain. The exit code is 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzz.samples import make_samples
from shaspec.cli import app

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}
TIMED = {
    "protocol.json",
    "manifest.jsonl",
    "log.jsonl",
    "config.json",
    "card.json",
    "checkpoint.pt",
}
"""Files with times or paths of the run: they have to be readable, not equal."""
TEMPORARY = (".partial", ".lock", ".tmp", "-so-far.csv")


@dataclass(frozen=True)
class Command:
    """A command line; ``OUT`` in it is the folder of its results."""

    name: str
    words: Sequence[str]

    def in_folder(self, out: Path) -> list[str]:
        """The words for the folder ``out``."""
        return [word.replace("OUT", str(out)) for word in self.words]


def commands(samples: Path) -> list[Command]:
    """The commands that are killed."""
    lists, model = samples / "lists", str(samples / "m")
    fast = ("--device", "cpu", "--overlap", "0", "--model", model)
    config = samples / "train.toml"
    config.write_text(
        f'crop = [16, 16, 16]\nmethod = "simmlm"\nbatch = 1\ndevice = "cpu"\nmax_steps = 6\n'
        f'checkpoint_minutes = 0.0\ndata = "{lists / "cases.csv"}"\ncache = "{samples / "cache"}"\n'
        "fold = 1\n[network]\nbase_features = 8\nn_downsamplings = 2\nn_gate_downsamplings = 2\n"
    )
    return [
        Command("predict", ["predict", str(lists / "c1"), "--out", "OUT/c1.nii.gz", "--volumes",
                            "OUT/c1.csv", "--probabilities", "--overwrite", *fast]),
        Command("cohort", ["cohort", str(lists / "cases.csv"), "--out", "OUT", *fast]),
        Command("evaluate", ["evaluate", model, str(lists / "cases.csv"), "--out", "OUT",
                             "--overwrite", "--subsets", "all,FLAIR", *fast[:4]]),
        Command("train", ["train", str(config), "--out", "OUT"]),
    ]  # fmt: skip


def child(words: Sequence[str], before: Callable[[], None]) -> int:
    """Run a command in a process of its own, which has all libraries already; returns its id."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        before()
        code = app(list(words), standalone_mode=False) or 0
    finally:
        os._exit(int(code) if isinstance(code, int) else 0)


def nothing() -> None:
    """Done before a command that is not killed by its own accesses."""


def counting(out: Path, at: int, report: Path) -> Callable[[], None]:
    """Count accesses below ``out``; end the process at number ``at``; 0: write their number."""
    seen = [0]

    def hook(event: str, values: Any) -> None:
        if event in EVENTS and str(out) in str(values[0]):
            seen[0] += 1
            if seen[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)
            if not at:
                with open(os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
                    file.write(str(seen[0]))

    return lambda: sys.addaudithook(hook)


def files_of(out: Path) -> dict[str, bytes]:
    """The files below a folder by their relative paths."""
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def broken(found: dict[str, bytes], sound: dict[str, bytes]) -> list[str]:
    """Files under their final names that are not as the undisturbed run wrote them."""
    wrong = []
    for name, data in found.items():
        last = name.rsplit("/", 1)[-1]
        if last.endswith(TEMPORARY):
            continue
        if last in TIMED:
            wrong += [name] if not readable(last, data) else []
        elif data != sound.get(name):
            wrong.append(name)
    return wrong


def readable(name: str, data: bytes) -> bool:
    """True for a whole file of `TIMED`; of a log, the last line may be cut off."""
    try:
        if name.endswith(".jsonl"):
            for line in data.splitlines()[:-1]:
                json.loads(line)
        elif name.endswith(".json"):
            json.loads(data)
        else:
            import io

            import torch

            torch.load(io.BytesIO(data), weights_only=True)
    except (ValueError, RuntimeError, EOFError):
        return False
    return True


def attack(command: Command, folder: Path, kills: int, rng: Random) -> Counter[str]:
    """Kill a command ``kills`` times; counts what was found."""
    out, report = folder / "out", folder / "events"
    begin = time.perf_counter()
    count: Counter[str] = Counter()
    _, status = os.waitpid(child(command.in_folder(out), counting(out, 0, report)), 0)
    if status:
        raise SystemExit(f"{command.name} fails undisturbed, with status {status}")
    duration, sound, events = time.perf_counter() - begin, files_of(out), int(report.read_text())
    for number in range(kills):
        shutil.rmtree(out)
        at = rng.randint(1, events) if number % 2 else 0
        before = counting(out, at, report) if at else nothing
        process = child(command.in_folder(out), before)
        if not at:
            time.sleep(rng.random() * duration)
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        count["killed"] += os.WIFSIGNALED(status)
        half = broken(files_of(out) if out.is_dir() else {}, sound)
        _, status = os.waitpid(child(command.in_folder(out), nothing), 0)
        after = files_of(out)
        left = [name for name in after if name.endswith(TEMPORARY)]
        unequal = broken(after, sound) + sorted(sound.keys() - after.keys())
        for what, names in (("half-written", half), ("left over", left), ("unequal", unequal)):
            count[what] += bool(names)
            if names:
                print(f"  {command.name}, kill {number}: {what}: {', '.join(names)}")
        count["rerun failed"] += status != 0
    shutil.rmtree(out)
    return count


def main() -> int:
    """Run the attack; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    columns = ("killed", "half-written", "rerun failed", "unequal", "left over")
    print(f"seed {options.seed}, {options.kills} kills of each command")
    print(f"{'command':10}" + "".join(f"{name:>14}" for name in columns))
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        samples = Path(name)
        make_samples(samples)
        for command in commands(samples):
            if options.only in command.name:
                rng = Random(f"{options.seed} {command.name}")
                count = attack(command, samples, options.kills, rng)
                print(f"{command.name:10}" + "".join(f"{count[c]:14}" for c in columns), flush=True)
                wrong += sum(count[column] for column in columns[1:])
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
