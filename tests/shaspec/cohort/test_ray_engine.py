"""With Ray a cohort has the results of a run without it, also if a process is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from shaspec.cohort import ray_engine
from shaspec.cohort.manifest import Manifest
from shaspec.cohort.ray_connection import STATISTICS, connected
from shaspec.cohort.ray_engine import shares
from shaspec.cohort.run import segment_cohort
from shaspec.cohort.settings import Settings
from shaspec.errors import InputError
from shaspec.io import CaseFiles

pytestmark = pytest.mark.slow  # starts Ray, and runs networks on several cases

Cohort = Callable[..., list[CaseFiles]]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Ray on this computer, once for all tests."""
    handler = signal.getsignal(signal.SIGTERM)
    with connected():
        assert signal.getsignal(signal.SIGTERM) is handler
        assert STATISTICS not in os.environ
        yield


def status(outcomes: Any) -> dict[str, str]:
    return {outcome.case: outcome.status for outcome in outcomes}


def kill_when_given(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> list[str]:
    """Kill the process of an actor as soon as it is given the case ``name``; returns a log."""
    feed, killed = ray_engine._Cluster._feed, []
    start, pids = ray_engine._Cluster._start, {}

    def known(self: Any) -> Any:
        actor = start(self)
        pids[actor] = ray.get(actor.handle.__ray_call__.remote(lambda _: os.getpid()))
        return actor

    def kills(self: Any) -> None:
        feed(self)
        for actor in self._actors:
            first = [job.files.name for job in actor.jobs][:1]
            if first == [name] and actor in pids and len(killed) < times:
                os.kill(pids.pop(actor), signal.SIGKILL)
                killed.append(name)

    monkeypatch.setattr(ray_engine._Cluster, "_start", known)
    monkeypatch.setattr(ray_engine._Cluster, "_feed", kills)
    return killed


def test_two_workers_of_which_one_is_killed_do_what_one_process_does(
    cohort: Cohort, settings: Settings, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben", "cleo", "dora")
    cases[2].volumes["T1"].write_bytes(b"no volume")
    settings = replace(settings, probabilities=True, subsets="FLAIR+T2,T1")
    (tmp_path / "alone").mkdir()
    alone = {o.case: o for o in segment_cohort(cases, settings, tmp_path / "alone")}
    killed = kill_when_given(monkeypatch, "anna", 1)
    found = {o.case: o for o in segment_cohort(cases, settings, out, workers=2, engine="ray")}
    assert killed == ["anna"]
    assert found == alone
    assert {case: o.status for case, o in found.items()} == {
        "anna": "done", "ben": "done", "cleo": "failed", "dora": "done",
    }  # fmt: skip
    expected = sorted(p.name for p in (tmp_path / "alone").glob("*.nii.gz"))
    assert sorted(p.name for p in out.glob("*.nii.gz")) == expected
    for name in expected:
        assert (out / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    records, others = Manifest(out).latest(), Manifest(tmp_path / "alone").latest()
    assert records.keys() == others.keys()
    unequal = {"time", "seconds"}
    for key, record in records.items():
        assert record.model_dump(exclude=unequal) == others[key].model_dump(exclude=unequal)
    done = [r for r in records.values() if r.status == "done"]
    assert all(set(r.seconds) >= {"read", "encode", "decode", "write", "wait"} for r in done)
    monkeypatch.setattr(ray_engine._Cluster, "_start", None)  # nothing is left: no process starts
    again = segment_cohort(cases, settings, out, workers=2, engine="ray")
    assert status(again) == {
        "anna": "skipped",
        "ben": "skipped",
        "cleo": "failed",
        "dora": "skipped",
    }


def test_a_case_that_ends_its_worker_twice_is_given_up_and_no_other(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben", "cleo")
    killed = kill_when_given(monkeypatch, "anna", 9)
    found = {o.case: o for o in segment_cohort(cases, settings, out, workers=1, engine="ray")}
    assert status(found.values()) == {"anna": "failed", "ben": "done", "cleo": "done"}
    assert killed == ["anna", "anna"]
    assert "ended 2 times" in found["anna"].error
    assert Manifest(out).latest()["anna", ""].status == "failed"


def test_a_cluster_that_does_not_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: Any) -> None:
        raise Exception("The current node timed out\nduring startup")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "init", fails)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    with (
        pytest.raises(InputError, match=r"RAY_ADDRESS=head:6379: no Ray cluster \(The current"),
        connected(),
    ):
        pass


def test_an_actor_has_a_core_and_a_gpu_or_its_share() -> None:
    options, threads = shares({"CPU": 8.0}, 3, "auto")
    assert (options["num_cpus"], threads) == (1, 2)
    assert "num_gpus" not in options
    options, _ = shares({"CPU": 64.0, "GPU": 8.0}, 12, "auto")
    assert options["num_gpus"] == 0.5
    assert "num_gpus" not in shares({"CPU": 64.0, "GPU": 8.0}, 8, "cpu")[0]
    with pytest.raises(InputError, match="has no GPU"):
        shares({"CPU": 4.0}, 1, "cuda")
    with pytest.raises(InputError, match="Ray shares out the GPUs"):
        shares({"CPU": 4.0, "GPU": 2.0}, 1, "cuda:1")
