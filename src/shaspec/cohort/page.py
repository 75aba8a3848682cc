"""The results of a cohort as one HTML page without scripts, from its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

import numpy as np

from shaspec.cohort.manifest import Manifest, Record
from shaspec.files.writing import write_atomically
from shaspec.report.content import USE
from shaspec.task import Task

MOST_ROWS = 2000
"""Rows of a table on the page; a browser cannot show a million."""
QUARTERS = (50, 25, 75, 0, 100)


def write_page(path: Path, manifest: Manifest, cases: Collection[str], task: Task) -> None:
    """Write the page.

    Args:
        path: the file.
        manifest: of the folder of the results; the page links to files in it.
        cases: names of the cases to show.
        task: of the model.

    Raises:
        InputError: it cannot be written.
    """
    case_names = set(cases)
    records = [r for r in manifest.latest().values() if r.case in case_names]
    done = sorted((r for r in records if r.status == "done"), key=lambda r: (r.case, r.asked))
    failed, absent = failures(records), sorted(case_names - {r.case for r in records})
    sections = [
        _section("Sizes of the regions", _sizes(done, task), "numbers"),
        _section("Failed cases", [("case", "reason"), *sorted(failed.items())]),
        _section("Cases without a result yet", [("case",), *((name,) for name in absent)]),
        _section("Notices about the input", _notices(done)),
        _section("Results", _results(done, task), "numbers", links={r.outputs[0] for r in done}),
        _section("Seconds per result", _seconds(done), "numbers"),
        _section("Provenance", _provenance(done), "facts"),
    ]
    template = (resources.files("shaspec.cohort") / "page.html").read_text("utf-8")
    title = f"{len(case_names)} cases, {len(done)} results"
    page = Template(template).substitute(
        title=escape(title),
        task=escape(task.title),
        use=escape(USE),
        counts=escape(f"{len({r.case for r in done})} cases segmented, {len(failed)} failed, "
                      f"{len(absent)} without a result yet"),
        sections="\n".join(sections),
    )  # fmt: skip
    write_atomically(path, page.encode("utf-8", "backslashreplace"))


def failures(records: Sequence[Record]) -> Mapping[str, str]:
    """Case -> reason, for the cases whose last step failed."""
    last: dict[str, Record] = {}
    for record in sorted(records, key=lambda r: (r.time, r.status == "failed")):
        last[record.case] = record
    return {case: record.error for case, record in last.items() if record.status == "failed"}


Rows = Sequence[Sequence[str]]


def _section(title: str, rows: Rows, kind: str = "", links: Collection[str] = ()) -> str:
    """A heading and a table with its first row as head; nothing without further rows."""
    head, *body = rows
    if not body:
        return ""
    more = len(body) - MOST_ROWS
    note = f"<p>{more} further rows are in the manifest and the table of sizes.</p>"
    lines = [_row("th", head), *(_row("td", row, links) for row in body[:MOST_ROWS])]
    table = "\n".join(lines)
    return (
        f'<h2>{escape(title)}</h2>\n<table class="{kind}">\n{table}\n</table>\n'
        f"{note if more > 0 else ''}"
    )


def _row(cell: str, texts: Sequence[str], links: Collection[str] = ()) -> str:
    cells = (
        f'<a href="{escape(quote(text))}">{escape(text)}</a>' if text in links else escape(text)
        for text in texts
    )
    return "<tr>" + "".join(f"<{cell}>{text}</{cell}>" for text in cells) + "</tr>"


def _sizes(done: Sequence[Record], task: Task) -> Rows:
    """Median, quartiles and range of each region, by subset."""
    unit = next((r.unit for r in done), "mL" if task.dims == 3 else "px")
    head = ("subset", "region", "results", f"median ({unit})", "quartiles", "range", "empty")
    values: dict[tuple[str, str], list[float]] = {}
    for record in done:
        for region, size in record.sizes.items():
            values.setdefault((record.subset, region), []).append(size)
    rows = [head]
    for (subset, region), sizes in sorted(values.items()):
        median, low, high, least, most = np.percentile(sizes, QUARTERS)
        rows.append((subset, region, str(len(sizes)), f"{median:.1f}", f"{low:.1f} to {high:.1f}",
                     f"{least:.1f} to {most:.1f}", str(sizes.count(0.0))))  # fmt: skip
    return rows


def _results(done: Sequence[Record], task: Task) -> Rows:
    regions = [r.name for r in task.regions]
    head = ("case", "subset", *regions, "label map")
    return [
        head,
        *(
            (r.case, r.subset, *(_size(r.sizes.get(name)) for name in regions), r.outputs[0])
            for r in done
        ),
    ]


def _size(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _notices(done: Sequence[Record]) -> Rows:
    by_notice: dict[str, list[str]] = {}
    for record in done:
        for text in record.told:
            by_notice.setdefault(record.case, []).append(text)
    rows = [(case, text) for case, texts in by_notice.items() for text in dict.fromkeys(texts)]
    return [("case", "notice"), *rows]


def _seconds(done: Sequence[Record]) -> Rows:
    """Mean and worst time of each step, and how many results there are per hour."""
    steps = list(dict.fromkeys(step for r in done for step in r.seconds))
    times = {step: [r.seconds[step] for r in done if step in r.seconds] for step in steps}
    return [
        ("step", "results", "mean", "worst"),
        *((s, str(len(v)), f"{np.mean(v):.2f}", f"{max(v):.2f}") for s, v in times.items()),
    ]


def _provenance(done: Sequence[Record]) -> Rows:
    """What made the results; several rows where they were not all made alike."""
    makers = Counter(
        (r.model, r.sha256, ", ".join(f"{k} {v}" for k, v in r.versions.items()), settings(r))
        for r in done
    )
    return [
        ("results", "model", "sha256 of the weights", "versions", "settings"),
        *((str(count), *maker) for maker, count in makers.items()),
    ]


def settings(record: Record) -> str:
    """The settings of a result as text, without those that say nothing about it."""
    told = {k: v for k, v in record.settings.items() if k not in ("model", "overwrite")}
    return ", ".join(f"{key} {value}" for key, value in told.items() if value not in (None, ""))
