"""A cohort is segmented whatever happens to one of its cases, and continues where it ended."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from shaspec.cohort import run as running
from shaspec.cohort.manifest import Manifest
from shaspec.cohort.run import Working, cohort_job, segment_cohort
from shaspec.cohort.segmenter import Outcome
from shaspec.cohort.settings import Settings
from shaspec.cohort.stages import Stages, Work
from shaspec.cohort.summary import write_sizes
from shaspec.errors import InputError
from shaspec.inference.session import InferenceSession
from shaspec.io import CaseFiles, read_case
from shaspec.models.weights import load_model
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on several cases

Cohort = Callable[..., list[CaseFiles]]


def labels_of(path: Path) -> np.ndarray:
    values: np.ndarray = np.asanyarray(nibabel.load(path).dataobj)
    return values


def status(outcomes: Any) -> dict[str, str]:
    return {outcome.case: outcome.status for outcome in outcomes}


def test_every_case_is_segmented_from_what_it_has(
    cohort: Cohort, settings: Settings, out: Path, brats: Task
) -> None:
    cases = cohort("anna", "ben")
    assert status(segment_cohort(cases, settings, out)) == {"anna": "done", "ben": "done"}
    assert sorted(path.name for path in out.iterdir()) == [
        "anna_FLAIR+T1+T1ce+T2_pred.nii.gz", "ben_FLAIR+T1+T2_pred.nii.gz", "manifest.jsonl",
    ]  # fmt: skip
    session = InferenceSession(load_model(settings.model), read_case(cases[1], brats), device="cpu")
    *_, last = session.predict()
    saved = labels_of(out / "ben_FLAIR+T1+T2_pred.nii.gz")
    np.testing.assert_array_equal(last.prediction.grid.to_file(last.prediction.labels), saved)
    record = Manifest(out).latest()["ben", "FLAIR+T1+T2"]
    assert (record.status, record.sizes) == ("done", last.prediction.region_sizes())
    assert set(record.inputs) == {"FLAIR", "T1", "T2"}
    assert set(record.seconds) >= {"read", "encode", "decode", "write"}
    assert record.versions["shaspec"]
    assert write_sizes(out / "sizes.csv", Manifest(out), ["anna", "ben"], brats) == 2
    with (out / "sizes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["case", "subset", "region", "ml"]
    assert [row["case"] for row in rows] == ["anna"] * 3 + ["ben"] * 3


def test_what_is_done_is_skipped_until_files_or_settings_change(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben")
    list(segment_cohort(cases, settings, out))
    flair = cases[0].volumes["FLAIR"]
    flair.touch()  # the same content
    with monkeypatch.context() as patch:
        patch.setattr(InferenceSession, "_attempt", pytest.fail)
        assert set(status(segment_cohort(cases, settings, out)).values()) == {"skipped"}
    shutil.copy(cases[0].volumes["T2"], flair)
    found = {o.case: o for o in segment_cohort(cases, settings, out)}
    assert (found["anna"].status, found["ben"].status) == ("failed", "skipped")
    assert "exists already" in found["anna"].error
    assert "--overwrite" in found["anna"].error
    again = replace(settings, overwrite=True)
    assert set(status(segment_cohort(cases, again, out)).values()) == {"done"}
    (out / "ben_FLAIR+T1+T2_pred.nii.gz").unlink()
    found = {o.case: o for o in segment_cohort(cases, settings, out)}
    assert (found["anna"].status, found["ben"].status) == ("skipped", "done")


def test_a_bad_case_is_told_and_the_rest_is_done(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben", "cleo", "dora")
    cases[0].volumes["T1"].write_bytes(b"no volume")
    one = Stages._one

    def fails_for_cleo(self: Stages, session: Any, work: Work, *rest: Any) -> Iterator[Any]:
        if work.files.name == "cleo":
            raise ZeroDivisionError("of all things")
        yield from one(self, session, work, *rest)

    monkeypatch.setattr(Stages, "_one", fails_for_cleo)
    found = {o.case: o for o in segment_cohort(cases, settings, out)}
    expected = {"anna": "failed", "ben": "done", "cleo": "failed", "dora": "done"}
    assert {case: o.status for case, o in found.items()} == expected
    assert "t1.nii.gz" in found["anna"].error
    assert "ZeroDivisionError: of all things" in found["cleo"].error
    assert "fails_for_cleo" in Manifest(out).latest()["cleo", ""].details


def test_a_run_that_was_killed_while_it_wrote_is_taken_up_again(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna")
    settings = replace(settings, probabilities=True)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shaspec.cohort.stages.write_probabilities", killed)
        with pytest.raises(KeyboardInterrupt):
            list(segment_cohort(cases, settings, out))
    assert len(list(out.glob("*.nii.gz"))) == 1
    assert status(segment_cohort(cases, settings, out)) == {"anna": "done"}
    assert len(list(out.glob("*_prob_*.nii.gz"))) == 3


def test_all_subsets_give_what_each_alone_gives(
    cohort: Cohort, settings: Settings, out: Path, brats: Task, tmp_path: Path
) -> None:
    cases = cohort("anna", "ben")[1:]
    (flair,) = [p for role, p in cases[0].volumes.items() if role == "FLAIR"]
    image = nibabel.load(flair)
    finer = image.affine @ np.diag([0.5, 1, 1, 1])  # another grid than that of T1 and T2
    array = np.repeat(np.asanyarray(image.dataobj), 2, axis=0)
    nibabel.save(nibabel.Nifti1Image(array, finer), flair)
    (outcome,) = segment_cohort(cases, replace(settings, subsets="all"), out)
    assert outcome.status == "done"
    assert len(list(out.glob("*_pred.nii.gz"))) == 7
    model = load_model(settings.model)
    for subset in (("T1",), ("T1", "T2"), ("FLAIR", "T2")):
        case = read_case(cases[0], brats, present=subset)
        *_, last = InferenceSession(model, case, device="cpu").predict()
        saved = labels_of(out / f"ben_{'+'.join(subset)}_pred.nii.gz")
        expected = last.prediction.grid.to_file(last.prediction.labels)
        np.testing.assert_array_equal(saved, expected)


def test_several_processes_do_the_same_and_one_that_dies_is_replaced(
    cohort: Cohort, settings: Settings, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben", "cleo")
    (tmp_path / "alone").mkdir()
    list(segment_cohort(cases, settings, tmp_path / "alone"))
    give, given = running._Pool._give, []

    def kills_the_first(self: Any, worker: Any, case: CaseFiles) -> None:
        give(self, worker, case)
        if not given:
            worker.process.kill()
        given.append(case.name)

    monkeypatch.setattr(running._Pool, "_give", kills_the_first)
    found = status(segment_cohort(cases, settings, out, workers=2))
    assert found == dict.fromkeys(("anna", "ben", "cleo"), "done")
    assert len(given) == 4
    for path in (tmp_path / "alone").glob("*.nii.gz"):
        assert (out / path.name).read_bytes() == path.read_bytes()


def test_a_case_that_ends_its_process_twice_is_given_up(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna", "ben")
    give = running._Pool._give

    def kills_anna(self: Any, worker: Any, case: CaseFiles) -> None:
        give(self, worker, case)
        if case.name == "anna":
            worker.process.kill()

    monkeypatch.setattr(running._Pool, "_give", kills_anna)
    found = {o.case: o for o in segment_cohort(cases, settings, out, workers=2)}
    assert (found["anna"].status, found["ben"].status) == ("failed", "done")
    assert "ended 2 times" in found["anna"].error


def test_an_engine_that_is_unknown_or_not_installed_is_refused_before_the_work(
    cohort: Cohort, settings: Settings, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = cohort("anna")
    with pytest.raises(InputError, match="--engine dask: give processes or ray"):
        list(segment_cohort(cases, settings, out, engine="dask"))
    monkeypatch.delitem(sys.modules, "shaspec.cohort.ray_engine", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"--engine ray needs Ray.*shaspec\[cluster\]"):
        list(segment_cohort(cases, settings, out, engine="ray"))
    assert not list(out.glob("*.nii.gz"))


def test_a_model_that_classifies_and_strange_subsets_are_refused_before_the_work(
    model_of: Any, avmnist: Task, settings: Settings, out: Path
) -> None:
    classifier = model_of(avmnist, "shaspec-classifier").source
    with pytest.raises(InputError, match="names a class"):
        list(segment_cohort([], Settings(classifier), out))
    with pytest.raises(InputError, match="unknown modality PET"):
        list(segment_cohort([], replace(settings, subsets="PET"), out))


def test_a_job_that_is_closed_within_a_case_leaves_it_to_the_next_one(
    cohort: Cohort, settings: Settings, out: Path
) -> None:
    cases = cohort("anna", "ben")
    job = cohort_job(cases, settings, out)
    events = []
    for event in job:
        events.append(event)
        if isinstance(event, Working) and event.number == 1 and event.progress.total:
            break
    job.close()
    assert status(e for e in events if isinstance(e, Outcome)) == {"anna": "done"}
    assert set(Manifest(out).latest()) == {("anna", "FLAIR+T1+T1ce+T2")}
    again = [e for e in cohort_job(cases, settings, out) if isinstance(e, Outcome)]
    assert status(again) == {"anna": "skipped", "ben": "done"}
