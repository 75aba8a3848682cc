"""Measure the table of speed: ``python -m benchmarks.performance [--short] [--store]``.

The case is a phantom of the size of a BraTS case. ``--short`` leaves out the rows that take
minutes and writes no page; ``--store`` makes the ratios of this run the ones to compare with.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.performance import page
from benchmarks.performance.measure import Row
from benchmarks.performance.models import model_source
from benchmarks.performance.sessions import session_rows
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.phantom import make_case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "PERFORMANCE.md"
CASE = "case"  # folder of the case
AIMS = {
    "shaspec": {"toggle": 1 / 10, "sweep": 2.5},
    "maml": {"toggle": 1 / 8, "sweep": 2.2},
}


def rows(folder: Path, *, short: bool) -> Iterator[Row]:
    """The rows in the order of the page."""
    case = make_case(9_000_000)
    for method, aims in AIMS.items():
        yield from session_rows(load_model(model_source(method, folder)), case, aims)
        if short:
            return
    from benchmarks.performance.monai_way import monai_row
    from benchmarks.performance.processes import start_row
    from benchmarks.performance.published_way import published_rows
    from benchmarks.performance.reading import reading_row

    write_case(folder / CASE, case)
    yield reading_row(folder / CASE)
    yield monai_row(load_model("shaspec"), folder / CASE)
    yield from published_rows(case)
    yield start_row()


def main() -> None:
    """Measure, print, write the page; exit code 1 where a ratio got worse."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--store", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(page.machine(), flush=True)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured: list[Row] = []
        for row in rows(folder, short=options.short):
            measured.append(row)
            print(page.line(row, page.stored_ratios()), flush=True)
        memory: list[tuple[str, float, float]] = []
        waits: list[tuple[str, float, float]] = []
        if not options.short:
            from benchmarks.performance.processes import memory_rows
            from benchmarks.performance.window import window_rows

            sources = {method: model_source(method, folder) for method in AIMS}
            memory = list(memory_rows(sources, folder / CASE))
            waits = window_rows("shaspec")
    worse = [row.key for row in measured if page.slower(row, page.stored_ratios())]
    if options.store:
        page.store(measured)
    if not options.short:
        PAGE.write_text(page.page(measured, memory, waits, commit()), "utf-8")
        print(f"wrote {PAGE}")
    if worse:
        sys.exit(f"slower than stored: {', '.join(worse)}")


def commit() -> str:
    """The commit that is measured."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False,
        cwd=PAGE.parent,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
