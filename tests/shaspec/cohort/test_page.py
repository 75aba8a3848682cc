"""The page on a cohort: its numbers, and nothing in it that a browser would run or fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shaspec.cohort import page
from shaspec.cohort.manifest import Manifest, Record
from shaspec.task import load_task

HOSTILE = '<script>alert(1)</script>"><img src=http://x.org/a>'


class Reader(HTMLParser):
    """The tags, the addresses and the cells of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str | None] = []
        self.rows: list[list[str]] = []
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.in_cell &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


def done(case: str, wt: float, **more: object) -> Record:
    facts = {
        "asked": "T1",
        "subset": "T1",
        "outputs": (f"{case}_T1_pred.nii.gz",),
        "unit": "mL",
        "seconds": {"read": 1.0, "total": 2.0},
        "model": "m",
        "versions": {"shaspec": "0"},
    }
    return Record(case=case, status="done", sizes={"WT": wt}, **(facts | more))  # fmt: skip


def written(folder: Path, records: list[Record], cases: list[str]) -> Reader:
    manifest = Manifest(folder)
    for record in records:
        manifest.append(record)
    page.write_page(folder / "summary.html", manifest, cases, load_task("brats"))
    return Reader((folder / "summary.html").read_text("utf-8"))


def test_the_page_has_sizes_failures_notices_and_provenance(tmp_path: Path) -> None:
    records = [
        done("anna", 1.0), done("ben", 3.0, notices=("no T2",)), done("cleo", 8.0),
        Record(case="dan", status="failed", error="no such file"),
    ]  # fmt: skip
    rows = written(tmp_path, records, ["anna", "ben", "cleo", "dan", "eve"]).rows
    assert ["T1", "WT", "3", "3.0", "2.0 to 5.5", "1.0 to 8.0", "0"] in rows
    assert ["dan", "no such file"] in rows
    assert ["eve"] in rows
    assert ["ben", "no T2"] in rows
    assert ["read", "3", "1.00", "1.00"] in rows
    assert any(row[0] == "anna" and row[-1] == "anna_T1_pred.nii.gz" for row in rows)
    assert any(row[:2] == ["3", "m"] for row in rows)


@pytest.mark.parametrize("last", ["done", "failed"])
def test_only_the_last_step_of_a_case_says_that_it_failed(last: str) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    failed = Record(case="a", status="failed", error="x", time=late if last == "failed" else early)
    records = [done("a", 1.0, time=early if last == "failed" else late), failed]
    assert page.failures(records) == ({"a": "x"} if last == "failed" else {})


def test_nothing_from_a_name_or_message_becomes_part_of_the_page(tmp_path: Path) -> None:
    records = [
        done(HOSTILE, 1.0, notices=(HOSTILE,), model=HOSTILE, outputs=(f"{HOSTILE}.nii.gz",)),
        Record(case=f"b{HOSTILE}", status="failed", error=HOSTILE),
    ]
    reader = written(tmp_path, records, [HOSTILE, f"b{HOSTILE}", "\udcff"])
    assert not {"script", "img", "iframe", "link", "object"} & set(reader.tags)
    assert reader.addresses
    assert all(re.fullmatch(r"[\w%.()/-]+", address or "") for address in reader.addresses)
    assert any(HOSTILE in row for row in reader.rows)


def test_a_page_of_many_results_stays_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_ROWS", 2)
    records = [done(case, 1.0) for case in "abcde"]
    rows = written(tmp_path, records, list("abcde")).rows
    assert sum(row[-1].endswith("_pred.nii.gz") for row in rows) == 2
    assert "3 further rows" in (tmp_path / "summary.html").read_text("utf-8")
