"""Marks of a person on results are kept on the disk, and only for the result that was seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.cohort.manifest import Record
from shaspec.cohort.review import NAME, mark_of, read_reviews, write_mark
from shaspec.errors import InputError

names = st.sampled_from(["anna", "ben", 'a "quoted", name'])
marks = st.sampled_from(["accepted", "rejected", ""])


def done(case: str, key: str = "k", time: str = "2026-01-01T00:00:00Z") -> Record:
    return Record(case=case, subset="FLAIR+T2", status="done", key=key, time=time)


@given(st.lists(st.tuples(names, marks), max_size=8))
def test_the_last_mark_of_every_case_is_read_back(tmp_path_factory, given_marks) -> None:
    folder = tmp_path_factory.mktemp("out")
    for case, mark in given_marks:
        write_mark(folder, done(case), mark)
    last = dict(given_marks)
    reviews = read_reviews(folder)
    assert {case: mark_of(done(case), reviews) for case in last} == last
    assert len(reviews) == sum(bool(mark) for mark in last.values())


def test_a_result_that_was_made_anew_has_no_mark(tmp_path: Path) -> None:
    write_mark(tmp_path, done("anna"), "accepted")
    reviews = read_reviews(tmp_path)
    assert mark_of(done("anna"), reviews) == "accepted"
    assert mark_of(done("anna", key="other"), reviews) == ""
    assert mark_of(done("anna", time="2026-01-02T00:00:00Z"), reviews) == ""


def test_a_mark_that_was_emptied_in_a_spreadsheet_is_no_mark(tmp_path: Path) -> None:
    path = write_mark(tmp_path, done("anna"), "accepted")
    path.write_text(path.read_text().replace("accepted", ""))
    assert mark_of(done("anna"), read_reviews(tmp_path)) == ""


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "case,subset,mark,key,time\na,b,maybe,k,t\n", ""])
def test_another_table_of_that_name_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InputError, match=NAME):
        write_mark(tmp_path, done("anna"), "accepted")
    assert (tmp_path / NAME).read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "case,subset,mark,key,time\n" + "x" * 200_000 + ",FLAIR,accepted,k,t\n",
        "case,subset,mark,key,time\nanna\n",
        'case,subset,mark,key,time\n"anna,FLAIR,seen,k,t\n',
        "case,subset,mark,key,time\n\0,\0,\0,\0,\0\n",
    ],
    ids=["a cell of 200,000 letters", "a short row", "an open quote", "nulls"],
)
def test_a_damaged_table_is_read_or_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    try:
        assert not read_reviews(tmp_path)
    except InputError as error:
        said = str(error)
    else:
        said = NAME
    assert NAME in said
