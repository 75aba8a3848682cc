"""Long random walks over the actions of the panels; the tests have short ones.

    xvfb-run python -m benchmarks.walks [--panels robustness,features] [--steps 3000] [--seed 1]

A walk begins with a new panel and takes 40 random steps, what a user or napari may do at any
moment. After each step it checks that no job is stuck, that no layer is other than its name says,
and that no painted voxel was lost. The exit code is 1 if a walk failed; its steps are printed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

LENGTH = 40
"""Steps of a walk."""


def main() -> int:
    """Walk, print each failure; returns the exit code."""
    os.environ["SHASPEC_RAISE"] = "1"
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", default="", help="default: all")
    parser.add_argument("--steps", type=int, default=3000, help="for each panel")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        os.environ["NAPARI_CONFIG"] = str(Path(temporary) / "settings.yaml")
        from tests.napari_shaspec.walk.panels import WALKS

        failed = 0
        for panel in options.panels.split(",") if options.panels else WALKS:
            failed += walk_at(panel, options.steps, options.seed, Path(temporary))
    return int(failed > 0)


def walk_at(panel: str, steps: int, seed: int, temporary: Path) -> int:
    """Takes walks at one panel; returns how many failed."""
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    chance, failed, taken, begun = random.Random(seed), 0, 0, time.monotonic()
    source = temporary / "in"
    if not source.exists():
        prepare(source)
    while taken < steps:
        folder = temporary / "walk"
        shutil.copytree(source, folder)
        done = one_walk(panel, folder, chance)
        taken += len(done[0])
        if done[1]:
            failed += 1
            print(f"{panel}, after {done[0]}:\n{done[1]}", flush=True)
        shutil.rmtree(folder)
        app.processEvents()
    minutes = (time.monotonic() - begun) / 60
    print(f"{panel}: {taken} steps, seed {seed}, {failed} walks failed, {minutes:.1f} min")
    return failed


def one_walk(panel: str, folder: Path, chance: random.Random) -> tuple[list[object], str]:
    """The steps that were taken, and the traceback of the one that failed; empty: none did."""
    from shaspec.task import load_task
    from tests.napari_shaspec.walk.panels import WALKS

    taken: list[object] = []

    def bug(error: Exception) -> None:
        raise AssertionError(f"the panel reports a bug: {error!r}") from error

    said = dict.fromkeys(("info", "error", "ask"), _heard) | {"bug": bug}
    with (
        patch.multiple("napari_shaspec.jobs.notifications", **said),
        patch("napari_shaspec.user_folder.user_folder", folder.joinpath),
    ):
        try:
            walk = WALKS[panel](load_task("brats"), folder, shown=True)
            lot = [(chance.choice(walk.ACTIONS), chance.randrange(100)) for _ in range(LENGTH)]
            for step in (*walk.FIRST, *lot):
                taken.append(step)
                walk.do(*step)
            taken.append("end")
            walk.end()
        except Exception:  # noqa: BLE001 - whatever it is, it is what the walk looks for
            return taken, traceback.format_exc()
    return taken, ""


def prepare(folder: Path) -> None:
    """Two small phantoms, once alone and once as a folder of cases, and two tiny models."""
    from shaspec.io import write_case
    from shaspec.phantom import make_case
    from shaspec.task import load_task
    from tests.napari_shaspec.fakes import SHAPE
    from tests.napari_shaspec.walk.engine import NAMES
    from tests.tiny_models import save_tiny

    for seed, name in enumerate(NAMES):
        for parent in (folder, folder / "cases"):
            write_case(parent / name, make_case(seed, SHAPE, (4.0, 4.0, 4.0)))
    for number in range(2):
        save_tiny(folder / f"model_{number}", load_task("brats"), window=24, seed=number)


def _heard(*_: object) -> None:
    """A notification, or a question that nobody answers."""


if __name__ == "__main__":
    sys.exit(main())
