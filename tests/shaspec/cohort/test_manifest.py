"""The manifest survives what ends a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.cohort.manifest import Manifest, Record, seen_notice
from shaspec.errors import InputError


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_that_was_cut_off_is_passed_over_and_the_next_is_whole(
    cut: int, tmp_path: Path
) -> None:
    manifest = Manifest(tmp_path)
    for case in ("anna", "ben"):
        manifest.append(Record(case=case, asked="T1", status="done"))
    manifest.path.write_bytes(manifest.path.read_bytes()[:-cut])
    manifest.append(Record(case="cleo", asked="T1", status="done"))
    found = {case for case, _ in manifest.latest()}
    assert found == {"anna", "cleo"} | ({"ben"} if cut == 1 else set())


def test_the_last_line_of_all_processes_counts(tmp_path: Path) -> None:
    whole, shard = Manifest(tmp_path), Manifest(tmp_path, "2/8")
    assert shard.path.name == "manifest-2of8.jsonl"
    whole.append(Record(case="anna", asked="T1", status="done", time="2026-01-02T00:00:00Z"))
    shard.append(Record(case="anna", asked="T1", status="failed", time="2026-01-01T00:00:00Z"))
    shard.append(Record(case="ben", asked="T2", status="writing"))
    latest = whole.latest()
    assert latest["anna", "T1"].status == "done"
    assert latest["ben", "T2"].status == "writing"


def test_foreign_lines_and_folders_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_bytes(b'{"case": 3}\n[1, 2]\n\xff\xfe\nnull\n')
    assert Manifest(tmp_path).latest() == {}
    with pytest.raises(InputError, match="cannot be written"):
        Manifest(tmp_path / "missing").append(Record(case="a", status="failed"))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.booleans())))
def test_finished_cases_that_the_model_was_trained_on_are_counted_once(
    made: list[tuple[str, bool, bool]],
) -> None:
    records = [
        Record(case=case, status="done" if done else "failed", seen_in_training=seen)
        for case, done, seen in made
    ]
    every = {case for case, done, _ in made if done}
    seen = sorted({case for case, done, seen in made if done and seen})
    text = seen_notice(records)
    if seen:
        assert text.startswith(f"{len(seen)} of {len(every)} cases were seen in training")
        assert ", ".join(seen[:3]) in text
    else:
        assert not text


def test_a_record_tells_its_notices_and_that_its_case_is_not_new() -> None:
    record = Record(case="anna", status="done", notices=("no T1",))
    assert record.told == ("no T1",)
    seen = record.model_copy(update={"seen_in_training": True})
    assert seen.told == ("no T1", "was seen in training by this model")
