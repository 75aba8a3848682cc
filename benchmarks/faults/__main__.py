"""Disturb commands at random moments and accesses to files, and look at what is left.

    python -m benchmarks.faults --kills 60 --seed 1
    python -m benchmarks.faults --kills 10 --only train --attacks "full disk"

Each command runs once undisturbed, then under every attack in an empty folder. After each attack a
file under its final name has to be whole, the command has to have ended with a message for a user,
the same command run again has to give the results of the undisturbed run, and no temporary file may
remain. The exit code is 1 otherwise. The processes are forked from one that has all libraries.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.faults.attacks import ATTACKS, Normal, counted
from benchmarks.faults.commands import REFUSED, Command, commands, ended, import_all, start
from benchmarks.faults.looks import Files, broken, files_of, is_temporary
from benchmarks.fuzz.samples import make_samples

GOOD = (0, 1, REFUSED, -signal.SIGKILL)
"""Exit codes: done, some cases failed, refused with a message, killed."""
WRONG = ("half-written", "foreign", "rerun failed", "unequal", "left over")


def main() -> int:
    """Run the attacks; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of the name of a command")
    parser.add_argument("--attacks", default="", help="part of the name of an attack")
    options = parser.parse_args()
    import_all()
    begin, wrong, total = time.perf_counter(), 0, Counter[str]()
    print(f"seed {options.seed}, {options.kills} kills of each command")
    print(f"{'command':10}{'attack':15}{'runs':>6}{'met':>6}"
          + "".join(f"{name:>14}" for name in WRONG))  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        samples, out = Path(name), Path(name) / "out"
        make_samples(samples)
        for command in commands(samples, out):
            if options.only not in command.name:
                continue
            normal, sound = undisturbed(command, out)
            for attack, (_, share) in ATTACKS.items():
                if options.attacks not in attack:
                    continue
                runs = max(1, round(options.kills * share))
                count = attacked(command, attack, out, normal, sound, runs, options.seed)
                print(f"{command.name:10}{attack:15}{runs:6}{count['met']:6}"
                      + "".join(f"{count[c]:14}" for c in WRONG), flush=True)  # fmt: skip
                total += Counter({"kills": count["met"] if "kill" in attack else 0, "runs": runs})
                wrong += sum(count[column] for column in WRONG)
    print(
        f"{total['runs']} runs, {total['kills']} killed, {wrong} wrong; "
        f"{time.perf_counter() - begin:.0f} s, of the processor {os.times().children_user:.0f} s"
    )
    return int(wrong > 0)  # fmt: skip


def undisturbed(command: Command, out: Path) -> tuple[Normal, Files]:
    """What a run looks like, and the files that it leaves."""
    begin = time.perf_counter()
    code, accesses = counted(command, out)
    if code:
        raise SystemExit(f"{command.name} fails undisturbed, with exit code {code}")
    sound = files_of(out)
    sizes = tuple(len(data) for data in sound.values())
    shutil.rmtree(out)
    return Normal(time.perf_counter() - begin, accesses, sizes), sound


def attacked(
    command: Command, attack: str, out: Path, normal: Normal, sound: Files, runs: int, seed: int
) -> Counter[str]:
    """Attack a command and count what is found; ``met``: the attack did not come too late."""
    rng, count = Random(f"{seed} {command.name} {attack}"), Counter[str]()
    disturb, _ = ATTACKS[attack]
    for number in range(runs):
        code = disturb(command, out, normal, rng)
        count["met"] += code != 0
        half = broken(files_of(out), sound, some_failed=code == 1)
        again = ended(start(command.in_folder(out)))
        after = files_of(out)
        left = list(filter(is_temporary, after))
        unequal = broken(after, sound) + sorted(sound.keys() - after.keys())
        shutil.rmtree(out, ignore_errors=True)
        found = {
            "half-written": half,
            "foreign": [f"exit code {code}"] if code not in GOOD else [],
            "rerun failed": [f"exit code {again}"] if again else [],
            "unequal": unequal,
            "left over": left,
        }
        for what, names in found.items():
            count[what] += bool(names)
            if names:
                print(f"  {command.name}, {attack} {number}: {what}: {', '.join(names[:4])}")
    return count


if __name__ == "__main__":
    sys.exit(main())
