"""Rows that need processes of their own: start-up of the plugin, peak memory of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.performance.measure import Row

ROUNDS = 3

IMPORT = """
import time; start = time.process_time()
import napari, napari.layers, napari.qt, qtpy.QtWidgets
napari_only = time.process_time() - start
import napari_shaspec.segment.panel
print(napari_only, time.process_time() - start)
"""

# VmHWM is of this program alone; ru_maxrss would count the process that started it.
PEAK = """
{work}
lines = open("/proc/self/status").read().splitlines()
print(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024, 0)
"""

SEGMENT = """
from shaspec.io import read_case
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import load_model
model = load_model({name!r})
case = read_case({folder!r}, model.card.task, with_labels=False)
for _ in InferenceSession(model, case, device="cpu").predict(): pass
"""

LOAD = """
from shaspec.io import read_case
import shaspec.inference.session
from shaspec.models.weights import load_model
model = load_model({name!r})
case = read_case({folder!r}, model.card.task, with_labels=False)
"""


def start_row() -> Row:
    """Importing the first panel after napari and its window, against these alone."""
    pairs = [_numbers(IMPORT) for _ in range(ROUNDS)]
    napari, both = min(p[0] for p in pairs), min(p[1] for p in pairs)
    extra = both - napari
    check = f"{extra:.2f} s more than napari alone (aim 0.3 s)"
    return Row("import", "import of napari, its window and the panel Segment",
               "napari and its window", both, napari, check)  # fmt: skip


def memory_rows(sources: Mapping[str, str], folder: Path) -> Iterator[tuple[str, float, float]]:
    """Per model: name, MiB with a case in memory, MiB at the peak of a run with all modalities."""
    for name, source in sources.items():
        options = {"name": source, "folder": str(folder)}
        loaded = _numbers(PEAK.format(work=LOAD.format(**options)))[0]
        yield name, loaded, _numbers(PEAK.format(work=SEGMENT.format(**options)))[0]


def _numbers(code: str) -> tuple[float, float]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    first, second = done.stdout.split()[-2:]
    return float(first), float(second)
