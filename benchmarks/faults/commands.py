"""The commands that are attacked, and how one runs in a process of its own."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import shaspec
from shaspec.cli import app
from shaspec.errors import ShaspecError

REFUSED = 2
"""Exit code of an error that is written for a user."""
FOREIGN = 3
"""Exit code of any other exception."""


@dataclass(frozen=True)
class Command:
    """A command line; ``OUT`` in it is the folder of its results."""

    name: str
    words: Sequence[str]

    def in_folder(self, out: Path) -> list[str]:
        """The words for the folder ``out``."""
        return [word.replace("OUT", str(out)) for word in self.words]


def commands(samples: Path, out: Path) -> list[Command]:
    """The commands, on the files of `benchmarks.fuzz.samples.make_samples`.

    The cache of the training lies within ``out``, so that it is attacked like the results.
    """
    lists, model = samples / "lists", str(samples / "m")
    fast = ("--device", "cpu", "--overlap", "0", "--model", model)
    config = samples / "train.toml"
    config.write_text(
        f'crop = [16, 16, 16]\nmethod = "simmlm"\nbatch = 1\ndevice = "cpu"\nmax_steps = 3\n'
        f'checkpoint_minutes = 0.0\ndata = "{lists / "cases.csv"}"\ncache = "{out / "cache"}"\n'
        "fold = 1\nprepare_workers = 1\n"
        "[network]\nbase_features = 8\nn_downsamplings = 2\nn_gate_downsamplings = 2\n"
    )
    return [
        Command("predict", ["predict", str(lists / "case1"), "--out", "OUT/case1.nii.gz",
                            "--volumes", "OUT/case1.csv", "--probabilities", "--overwrite",
                            *fast]),
        Command("cohort", ["cohort", str(lists / "cases.csv"), "--out", "OUT", *fast]),
        Command("evaluate", ["evaluate", model, str(lists / "cases.csv"), "--out", "OUT",
                             "--overwrite", "--subsets", "all,FLAIR", *fast[:4]]),
        Command("sweep", ["sweep", str(lists / "case1"), "--out", "OUT", "--overwrite",
                          "--save-labels", *fast]),
        Command("train", ["train", str(config), "--out", "OUT"]),
    ]  # fmt: skip


def import_all() -> None:
    """Import the engine with its libraries, so that a forked process begins with its work.

    Modules of extras that are not installed, such as Ray, are left out.
    """
    for module in pkgutil.walk_packages(shaspec.__path__, "shaspec."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if error.name is None or error.name.startswith("shaspec"):
                    raise
    importlib.import_module("matplotlib.backends.backend_agg")
    importlib.import_module("torch._dynamo")  # by the first optimizer


def start(words: Sequence[str], before: Callable[[], None] = lambda: None) -> int:
    """Run a command in a forked process; returns its id.

    Args:
        words: of the command line.
        before: called in the new process before the command.
    """
    process = os.fork()
    if process:
        return process
    code = FOREIGN
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        before()
        code = app(list(words), standalone_mode=False) or 0
    except ShaspecError:
        code = REFUSED
    finally:
        os._exit(int(code))


def ended(process: int) -> int:
    """Wait for a process; its exit code, or the negative number of the signal that ended it."""
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)
