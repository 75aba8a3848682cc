"""Attack every reader with mutated files and count what becomes of them.

    python -m benchmarks.fuzz --inputs 20000 --seed 1
    python -m benchmarks.fuzz --seed 1 --repeat "task.toml:17"      one input again, with traceback

Every input depends on (seed, kind, number) alone. ``foreign`` are exceptions that are not written
for a user; the exit code is 1 if there are any, or a hang, or an input that took more than 1 GiB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.fuzz.kinds import Kind, kinds
from benchmarks.fuzz.mutate import mutated
from benchmarks.fuzz.samples import make_samples
from benchmarks.fuzz.watch import Seen, watched

MOST_MIB = 1024
DEAR = {"case, segmented": 40, "card.json": 2, "safetensors": 2}
"""Kinds of which an input takes long: they get a part of the inputs that others get."""


def main() -> int:
    """Run the attack; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="parts of names of kinds, with commas")
    parser.add_argument("--repeat", default="", help='"KIND:NUMBER" of one input')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder)
        make_samples(samples)
        if options.repeat:
            name, _, number = options.repeat.rpartition(":")
            seen = attack(samples, name, kinds()[name], options.seed, int(number))
            print(seen.result, f"{seen.seconds:.2f} s, {seen.mib:.0f} MiB")
            if seen.error is not None:
                traceback.print_exception(seen.error)
            return 0
        parts = options.only.split(",")
        chosen = {n: kind for n, kind in kinds().items() if any(part in n for part in parts)}
        return report(samples, chosen, options.inputs, options.seed)


def attack(samples: Path, name: str, kind: Kind, seed: int, number: int) -> Seen:
    """Read one mutated file in its place; the sound one comes back after that."""
    path = samples / kind.file
    sound = path.read_bytes()
    path.write_bytes(mutated(sound, Random(f"{seed} {name} {number}"), text=kind.text))
    try:
        return watched(kind.read, path)
    finally:
        path.write_bytes(sound)


def report(samples: Path, chosen: dict[str, Kind], inputs: int, seed: int) -> int:
    """Attack all kinds and print a table; returns the exit code."""
    shares = {name: 1 / DEAR.get(name, 1) for name in chosen}
    each = {n: max(1, round(inputs * share / sum(shares.values()))) for n, share in shares.items()}
    print(f"seed {seed}, {sum(each.values()):,} inputs")
    print(f"{'kind':20}{'inputs':>8}{'read':>8}{'refused':>8}{'foreign':>8}{'hang':>6}"
          f"{'worst s':>9}{'worst MiB':>10}")  # fmt: skip
    total: Counter[str] = Counter()
    worst_s, worst_mib, begin = 0.0, 0.0, time.perf_counter()
    for name, kind in chosen.items():
        # What is loaded at the first use is no part of an input's time and memory.
        if (first := watched(kind.read, samples / kind.file)).result != "read":
            raise SystemExit(f"{name}: the sound file is not read: {first.error}")
        count: Counter[str] = Counter()
        seconds, mib = 0.0, 0.0
        for number in range(each[name]):
            seen = attack(samples, name, kind, seed, number)
            count[seen.result] += 1
            count["large"] += seen.mib > MOST_MIB
            seconds, mib = max(seconds, seen.seconds), max(mib, seen.mib)
            if seen.result in ("foreign", "hang") or seen.mib > MOST_MIB:
                what = f"{type(seen.error).__name__}: {str(seen.error)[:90]!r}"
                print(f'  --seed {seed} --repeat "{name}:{number}"  {seen.mib:.0f} MiB  {what}')
        print(f"{name:20}{each[name]:8}{count['read']:8}{count['refused']:8}{count['foreign']:8}"
              f"{count['hang']:6}{seconds:9.2f}{mib:10.0f}", flush=True)  # fmt: skip
        total += count
        worst_s, worst_mib = max(worst_s, seconds), max(worst_mib, mib)
    print(f"{'all':20}{sum(each.values()):8}{total['read']:8}{total['refused']:8}"
          f"{total['foreign']:8}{total['hang']:6}{worst_s:9.2f}{worst_mib:10.0f}")  # fmt: skip
    print(f"{total['large']} over 1 GiB; {time.perf_counter() - begin:.0f} s")
    return int(total["foreign"] + total["hang"] + total["large"] > 0)


if __name__ == "__main__":
    sys.exit(main())
