"""Which subsets of which cases are segmented."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.cohort.settings import Settings, shard_of
from shaspec.errors import InputError
from shaspec.task import Task


@given(cases=st.lists(st.integers(), max_size=30), count=st.integers(1, 9))
def test_shards_share_the_cases_evenly_and_lose_none(cases: list[int], count: int) -> None:
    parts = [shard_of(cases, f"{k + 1}/{count}") for k in range(count)]
    assert sorted(case for part in parts for case in part) == sorted(cases)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert shard_of(cases, "") == cases


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1/0", "2", "a/b", "-1/4", "1/4/2", "1.5/3"])
def test_other_shards_are_refused(shard: str) -> None:
    with pytest.raises(InputError, match="--shard"):
        shard_of([1], shard)


def test_subsets_are_those_that_a_case_has(brats: Task) -> None:
    there = ("FLAIR", "T2")
    found = {
        text: Settings("m", subsets=text).subsets_of(there, "anna", brats)
        for text in ("available", "all", "flair+t2,T1ce", "T2,t2")
    }
    assert found == {
        "available": [("FLAIR", "T2")],
        "all": [("FLAIR",), ("T2",), ("FLAIR", "T2")],
        "flair+t2,T1ce": [("FLAIR", "T2")],
        "T2,t2": [("T2",)],
    }
    with pytest.raises(InputError, match="anna has FLAIR, T2, so none of T1"):
        Settings("m", subsets="T1").subsets_of(there, "anna", brats)
    with pytest.raises(InputError, match="unknown modality PET"):
        Settings("m", subsets="PET").listed(brats)


def test_the_key_tells_runs_apart_whose_results_differ() -> None:
    first = Settings("m")
    others = [
        {"window": (32, 32, 32)}, {"overlap": 0.5}, {"precision": "float32"}, {"grid": "T1"},
        {"probabilities": True},
    ]  # fmt: skip
    keys = {replace(first, **change).key("a") for change in ({}, *others)}
    assert len(keys | {first.key("b")}) == len(others) + 2
    assert first.key("a") == replace(first, subsets="all", device="cpu", overwrite=True).key("a")
