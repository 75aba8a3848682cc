"""The page docs/PERFORMANCE.md, and the stored ratios that a run is compared with."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import torch

from benchmarks.performance.measure import Row

STORED = Path(__file__).with_name("ratios.json")
TOLERANCE = 0.15

WAITS = """The phantom as a folder of files, ShaSpec, under Xvfb where there is no screen. A
standstill is the time that the window's thread computes without a turn of its event loop. Aims:
standstills of 100 ms; a panel is open after 0.5 s."""

TEMPLATE = Path(__file__).with_name("page.md")


def machine() -> str:
    """Processor, number formats and versions, in one line."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{name} ({capability}), one thread, torch {torch.__version__}, {date.today()}"


def page(
    rows: Sequence[Row],
    memory: Sequence[tuple[str, float, float]],
    waits: Sequence[tuple[str, float, float]],
    commit: str,
) -> str:
    """The text of the page."""
    stored = stored_ratios()
    lines = [f"Machine: {machine()}; commit {commit}.", ""]
    lines += ["| what | against | seconds | ratio | aim | same result |"]
    lines += ["|---|---|---|---|---|---|"]
    for row in rows:
        mark = " (slower than stored)" if slower(row, stored) else ""
        seconds = f"{row.seconds:.2f} / {row.reference:.2f}"
        aim = "" if row.aim is None else _ratio(row.aim)
        lines.append(
            f"| {row.what} | {row.against} | {seconds} | {_ratio(row.ratio)}{mark} | {aim} "
            f"| {row.check} |"
        )
    if memory:
        lines += ["", "## Peak memory", "", "| model | a case loaded, MiB | a run, MiB |"]
        lines += ["|---|---|---|"]
        lines += [f"| {name} | {loaded:.0f} | {peak:.0f} |" for name, loaded, peak in memory]
    if waits:
        lines += ["", "## In the window of napari", "", WAITS, ""]
        lines += ["| what | seconds | longest standstill, ms |", "|---|---|---|"]
        lines += [f"| {what} | {seconds:.2f} | {block:.0f} |" for what, seconds, block in waits]
    return TEMPLATE.read_text("utf-8").format(results="\n".join(lines))


def _ratio(value: float) -> str:
    """``1/7.2`` below 1, ``2.3`` from 1 on."""
    return f"{value:.2f}" if value >= 1 else f"1/{1 / value:.1f}"


def line(row: Row, stored: Mapping[str, float]) -> str:
    """A row as it is printed while the table is made, with the stored ratio."""
    before = f", stored {stored[row.key]:.3f}" if row.key in stored else ""
    mark = ", SLOWER" if slower(row, stored) else ""
    return f"{row.what} / {row.against}: {row.ratio:.3f}{before}{mark}; {row.check}"


def slower(row: Row, stored: Mapping[str, float]) -> bool:
    """Whether the ratio is above the stored one by more than the tolerance."""
    return row.ratio > stored.get(row.key, float("inf")) * (1 + TOLERANCE)


def stored_ratios() -> dict[str, float]:
    """Key of a row -> ratio, as stored; empty before the first run."""
    if not STORED.exists():
        return {}
    ratios: dict[str, float] = json.loads(STORED.read_text("utf-8"))
    return ratios


def store(rows: Sequence[Row]) -> None:
    """Store the ratios of this run."""
    ratios = {row.key: round(row.ratio, 4) for row in rows}
    STORED.write_text(json.dumps(ratios, indent=1) + "\n", "utf-8")
