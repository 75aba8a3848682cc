"""A session: any subset, kept features, cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.events import Finished, Progress
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case, write_case, write_volume
from shaspec.io.resample import resample
from shaspec.models.weights import Model, load_model
from shaspec.prediction import Prediction
from shaspec.task import Task


def run(session: InferenceSession, *present: str) -> Prediction:
    return last_event(session.predict(present or None)).prediction


def session_of(model: Model, case: Case, **options: Any) -> InferenceSession:
    return InferenceSession(model, case, device="cpu", precision="float32", **options)


def test_every_subset_gives_a_label_map_on_the_grid_of_the_case(
    shaspec_model: Model, small_case: Case
) -> None:
    session = session_of(shaspec_model, small_case)
    for subset in small_case.task.subsets():
        prediction = run(session, *subset)
        assert prediction.labels.shape == small_case.grid.shape
        assert set(np.unique(prediction.labels)) <= {0, 1, 2, 4}
        assert prediction.subset == subset


def test_a_subset_on_another_grid_equals_a_case_with_only_these_modalities(
    shaspec_model: Model, small_case: Case, tmp_path: Path
) -> None:
    write_case(tmp_path / "p", small_case)
    half = tuple(n // 2 for n in small_case.grid.shape)
    coarse = small_case.grid.blocks(np.zeros(3), np.full(3, 2.0), half)
    flair = np.ascontiguousarray(small_case.volumes["FLAIR"][::2, ::2, ::2])
    write_volume(next((tmp_path / "p").glob("*_flair.nii.gz")), flair, coarse)
    whole = read_case(tmp_path / "p", small_case.task, with_labels=False)
    session = session_of(shaspec_model, whole)
    for subset in (("T1", "T2"), ("FLAIR", "T2")):
        alone = read_case(tmp_path / "p", small_case.task, with_labels=False, present=subset)
        expected = run(session_of(shaspec_model, alone)).labels
        found = run(session, *subset)
        assert found.grid is whole.grid
        moved = resample(expected, alone.grid, whole.grid, order=0, fill=0)
        np.testing.assert_array_equal(found.labels, moved)
        assert ("alone" in found.provenance["notices"][-1]) == (subset == ("T1", "T2"))


def test_kept_features_give_the_result_of_a_fresh_run(
    shaspec_model: Model, small_case: Case
) -> None:
    session = session_of(shaspec_model, small_case)
    run(session)
    for subset in [("FLAIR", "T2"), ("T1ce",), small_case.task.names]:
        assert session.is_kept(subset)
        fresh = run(session_of(shaspec_model, small_case), *subset)
        np.testing.assert_array_equal(run(session, *subset).labels, fresh.labels)


def test_a_subset_with_a_smaller_head_does_not_cost_the_others_their_features(
    shaspec_model: Model, small_case: Case
) -> None:
    cut_off = small_case.volumes["T1"].copy()
    cut_off[:, :, :24] = 0  # as in scans that end early
    case = replace(small_case, volumes={**small_case.volumes, "T1": cut_off})
    session = session_of(shaspec_model, case, window=(48, 48, 48))
    run(session)
    assert not session.is_kept(["T1"])  # its own box, its own windows
    run(session, "T1")
    assert session.is_kept(["T1"])
    assert session.is_kept(case.task.names)


def test_a_toggle_does_not_encode_and_an_added_modality_is_encoded_once(
    shaspec_model: Model, small_case: Case
) -> None:
    session = session_of(shaspec_model, small_case)
    run(session, "FLAIR", "T1")
    stages = {e.stage for e in session.predict(["FLAIR"]) if isinstance(e, Progress)}
    assert stages == {"prepared", "decode"}
    assert not session.is_kept(["FLAIR", "T2"])
    stages = {e.stage for e in session.predict(["FLAIR", "T2"]) if isinstance(e, Progress)}
    assert stages == {"prepared", "encode T2", "decode"}


def test_absent_volumes_do_not_change_the_result(shaspec_model: Model, small_case: Case) -> None:
    other = np.random.default_rng(0).normal(size=small_case.grid.shape)
    changed = replace(small_case, volumes={**small_case.volumes, "T1": other, "T2": other * 50})
    mine = run(session_of(shaspec_model, small_case), "FLAIR", "T1ce")
    theirs = run(session_of(shaspec_model, changed), "FLAIR", "T1ce")
    missing = run(session_of(shaspec_model, small_case.only(("FLAIR", "T1ce"))))
    np.testing.assert_array_equal(mine.labels, theirs.labels)
    np.testing.assert_array_equal(mine.labels, missing.labels)


@pytest.mark.parametrize("values", [(0, 1), (3, 7), (0, 0)])
@pytest.mark.parametrize("voxels", [1, 5000])
def test_an_image_of_two_values_is_segmented(
    values: tuple[int, int], voxels: int, shaspec_model: Model, small_case: Case
) -> None:
    volume = np.full(small_case.grid.shape, values[0], np.uint8)
    volume.flat[:voxels] = values[1]
    case = replace(small_case, volumes={"T1": volume})
    labels = run(session_of(shaspec_model, case)).labels
    assert labels.shape == volume.shape


margins = st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), min_size=3, max_size=3)


@pytest.mark.parametrize("spacing", [1.0, 1.3])
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(margin=margins, present=st.sampled_from([("T2",), ("FLAIR", "T1ce"), ()]))
def test_padding_changes_no_label_and_no_probability(
    shaspec_model: Model,
    small_case: Case,
    spacing: float,
    margin: list[tuple[int, int]],
    present: tuple[str, ...],
) -> None:
    def padded(by: list[tuple[int, int]]) -> Prediction:
        volumes = {name: np.pad(v, by) for name, v in small_case.volumes.items()}
        grid = Grid(volumes["T1"].shape, (spacing,) * 3)
        case = replace(small_case, grid=grid, volumes=volumes, labels=None)
        events = session_of(shaspec_model, case).predict(present or None, probabilities=True)
        return last_event(events).prediction

    some, more = padded([(0, 0)] * 3), padded(margin)
    np.testing.assert_array_equal(more.labels, np.pad(some.labels, margin))
    for name, values in some.probabilities.items():
        np.testing.assert_allclose(more.probabilities[name], np.pad(values, margin), atol=1e-5)


def test_a_case_that_is_too_large_at_the_spacing_of_the_task_is_refused_at_once(
    shaspec_model: Model, small_case: Case
) -> None:
    grid = replace(small_case.grid, spacing=(90.0, 90.0, 90.0))
    with pytest.raises(InputError, match=f"case {small_case.name}: .*voxel size in the headers"):
        session_of(shaspec_model, replace(small_case, grid=grid))


def test_progress_counts_up_to_its_total(shaspec_model: Model, small_case: Case) -> None:
    events = list(session_of(shaspec_model, small_case).predict())
    ticks = [e for e in events if isinstance(e, Progress)]
    assert [t.done for t in ticks] == list(range(len(ticks)))
    assert {t.total for t in ticks} == {len(ticks) - 1}
    assert isinstance(events[-1], Finished)


def test_a_cancelled_run_keeps_what_it_encoded(shaspec_model: Model, small_case: Case) -> None:
    session = session_of(shaspec_model, small_case)
    events = session.predict(["FLAIR"])
    _, first = next(events), next(events)
    assert isinstance(first, Progress)
    events.close()  # type: ignore[attr-defined]
    again = next(session.predict(["FLAIR"]))
    assert isinstance(again, Progress)
    assert again.total == first.total - 1


def test_no_features_are_kept_without_memory(shaspec_model: Model, small_case: Case) -> None:
    session = session_of(shaspec_model, small_case, keep=0)
    run(session)
    assert not session.is_kept(["FLAIR"])


@pytest.mark.slow
def test_a_baseline_without_instant_toggles_says_so(
    zero_fill_folder: Path, small_case: Case
) -> None:
    session = session_of(load_model(zero_fill_folder), small_case)
    run(session)
    assert not session.is_kept(["FLAIR"])
    assert run(session, "FLAIR").labels.shape == small_case.grid.shape


def test_zero_images_of_the_authors_behaviour_are_encoded_once(
    make_model: Callable[..., Model], small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(zero_images=True)
    calls: list[int] = []
    absent = type(model.network).encode_absent
    monkeypatch.setattr(
        type(model.network),
        "encode_absent",
        lambda self, like, m: calls.append(m) or absent(self, like, m),
    )
    session = session_of(model, small_case)
    run(session, "FLAIR", "T1")
    run(session, "FLAIR")
    assert sorted(calls) == [1, 2, 3]


def test_a_coarser_case_is_segmented_at_the_spacing_of_the_task(
    shaspec_model: Model, small_case: Case
) -> None:
    coarse = Grid((20, 24, 44), (2.0, 2.0, 1.0))
    volumes = {n: v[::2, ::2] for n, v in small_case.volumes.items()}
    case = replace(small_case, grid=coarse, volumes=volumes, labels=None)
    prediction = run(session_of(shaspec_model, case))
    assert prediction.labels.shape == coarse.shape


def test_a_missing_modality_is_named(shaspec_model: Model, small_case: Case) -> None:
    session = session_of(shaspec_model, small_case.only(("FLAIR",)))
    with pytest.raises(InputError, match="has no T2"):
        run(session, "FLAIR", "T2")
    with pytest.raises(InputError, match="unknown modality PET"):
        run(session, "PET")
    with pytest.raises(InputError, match="no modality is present"):
        list(session.predict([]))


def test_a_model_of_another_task_is_refused(
    shaspec_model: Model, small_case: Case, brats: Task
) -> None:
    other = brats.model_copy(update={"modalities": brats.modalities[:2]})
    case = replace(small_case.only(("FLAIR",)), task=Task.model_validate(other.model_dump()))
    with pytest.raises(InputError, match="works on FLAIR, T1, T1ce, T2"):
        session_of(shaspec_model, case)


def test_provenance_says_enough_to_repeat_the_run(shaspec_model: Model, small_case: Case) -> None:
    facts = run(session_of(shaspec_model, small_case), "FLAIR", "T2").provenance
    assert facts["subset"] == "FLAIR+T2"
    assert facts["sha256"] == shaspec_model.card.sha256
    assert facts["window"] == [32, 32, 32]
    assert facts["seen_in_training"] is False
