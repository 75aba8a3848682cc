"""Steps of training per minute of CPU time, one thread, for each `light` network.

    python benchmarks/training_steps.py [METHOD ...] [--against FOLDER] [--rounds 3] [--steps 4]

The settings are those of `examples/folds.toml`; the cases are two phantoms. ``--against`` is
another checkout of this project (e.g. a git worktree of an older commit): measurements of both
alternate, and their ratio is printed. CPU time hardly depends on other work on the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
METHODS = ("shaspec", "maml", "simmlm", "linear-fusion", "zero-fill")
WARM_UP = 2  # steps that are not counted


def seconds_per_step(method: str, cache: Path, steps: int) -> float:
    """CPU seconds of one step in this process, including reading and augmentation."""
    import torch

    from shaspec.task import load_task
    from shaspec.training.config import load_config
    from shaspec.training.data import samples
    from shaspec.training.distributed import make_fabric
    from shaspec.training.init_network import first_network
    from shaspec.training.learner import Learner
    from shaspec.training.prepare import prepare
    from shaspec.training.selection import select_cases

    torch.set_num_threads(1)
    config = load_config(
        HERE / "examples" / "folds.toml", method=method, out=cache, cache=cache, phantoms=2
    )
    task = load_task(config.task).at(config.spacing)
    cases = list(prepare(config, task, select_cases(config, task)))
    learner = Learner(config, task, first_network(config, task)[0], make_fabric(config))
    source = samples(cases, config, 0, 0, 1)
    for step in range(WARM_UP):
        learner.step(source, step, 0.5)
    start = time.process_time()
    for step in range(WARM_UP, WARM_UP + steps):
        learner.step(source, step, 0.5)
    return (time.process_time() - start) / steps


def in_checkout(folder: Path, method: str, cache: Path, steps: int) -> float:
    """The same with the package of a checkout, in another process."""
    command = [sys.executable, __file__, method, "--steps", str(steps), "--measure", str(cache)]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return float(done.stdout.split()[-1])


def cpu_name() -> str:
    """As the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")


def main() -> None:
    """Alternate the measurements and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", default=METHODS)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(seconds_per_step(options.methods[0], options.measure, options.steps))
        return
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    print(f"{cpu_name()}, one thread, CPU time, median of {options.rounds} x {options.steps} steps")
    with tempfile.TemporaryDirectory() as cache:
        for method in options.methods:
            found = [
                [in_checkout(c, method, Path(cache), options.steps) for c in checkouts]
                for _ in range(options.rounds)
            ]
            now, *before = (60 / statistics.median(column) for column in zip(*found, strict=True))
            text = f"{method:14} {now:6.1f} steps per minute"
            print(text + "".join(f", before {b:6.1f}: {now / b:.2f} times" for b in before))


if __name__ == "__main__":
    main()
