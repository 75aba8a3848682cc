"""Measures recover synthetic structure in features, and controls do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.analysis.features.measure import deal, measure
from shaspec.analysis.features.measure_job import measure_job
from shaspec.analysis.features.probe import halves, probe_accuracy
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.events import Computed, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model

Make = Callable[..., FeatureMaps]


@settings(max_examples=10)
@given(st.integers(0, 999))
def test_a_probe_on_shuffled_modalities_is_at_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets = [rng.normal(size=(1000, 3)).astype(np.float32) + 5 * m for m in range(4)]
    points = deal({("shared", str(m)): x for m, x in enumerate(sets)}, rng)
    accuracy = probe_accuracy(list(points.values()), np.arange(1000) < 500)
    assert accuracy == pytest.approx(0.25, abs=0.06)


def test_a_probe_on_marked_features_is_right() -> None:
    rng = np.random.default_rng(0)
    sets = [rng.normal(size=(200, 3)).astype(np.float32) + 9 * m for m in range(3)]
    assert probe_accuracy(sets, np.arange(200) < 100) == 1


def test_a_probe_does_not_transfer_marks_that_differ_between_halves() -> None:
    """Features that mark a modality by another sign in either half are no knowledge."""
    side = np.arange(200) < 100
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 200, 1)) * 0.01
    sign = np.where(side, 1.0, -1.0)[:, None]
    sets = [(noise[0] + sign).astype(np.float32), (noise[1] - sign).astype(np.float32)]
    assert probe_accuracy(sets, side) == 0


def test_the_halves_are_left_and_right() -> None:
    inside = np.ones((2, 3, 10), bool)
    side = halves(inside).reshape(inside.shape)
    assert side[..., 5:].all()
    assert not side[..., :5].any()


def test_dealing_keeps_every_feature_at_its_voxel(make_maps: Make) -> None:
    maps = make_maps()
    points = {("shared", m): maps.points("shared", m) for m in maps.of("shared")}
    dealt = deal(points, np.random.default_rng(0))
    before, after = (np.stack(list(p.values())) for p in (points, dealt))
    np.testing.assert_array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
    assert not np.array_equal(before, after)


def test_disentangled_features_are_found_to_be_so(make_maps: Make) -> None:
    found = measure(make_maps(shared=0.0), make_maps(shared=9.0, specific=0.0, seed=1))
    assert found["probe shared"].value < 0.4
    assert found["probe shared"].untrained > 0.9
    assert found["probe specific"].value > 0.9
    assert found["probe specific"].shuffled < 0.4
    assert found["CKA shared and shared"].value > 0.95
    assert found["CKA shared and specific"].value < 0.2
    assert found["domain classifier"].value > 0.9
    assert found["domain classifier"].shuffled == pytest.approx(0.25)
    assert "the shared features hardly identify the modality" in found.sentence
    assert "the specific features do" in found.sentence


def test_entangled_features_are_found_to_be_so_too(make_maps: Make) -> None:
    found = measure(make_maps(shared=9.0, specific=0.0), make_maps(seed=1))
    assert found["probe shared"].value > 0.9
    assert "still identify the modality" in found.sentence
    assert "the specific features do not" in found.sentence


def test_one_modality_cannot_be_compared_with_itself(make_maps: Make) -> None:
    maps = make_maps()
    alone = replace(maps, maps={k: v for k, v in maps.maps.items() if k[1] == "T1"})
    with pytest.raises(InputError, match="has only T1"):
        measure(alone, maps)


def test_a_model_without_shared_features_is_refused(make_maps: Make) -> None:
    maps = make_maps()
    other = replace(maps, maps={("feature", "T1"): maps.maps["shared", "T1"]})
    with pytest.raises(InputError, match="choose a ShaSpec model"):
        measure(other, maps)


@pytest.mark.slow
def test_a_real_network_is_measured_beside_an_untrained_one(
    shaspec_model: Model, small_case: Case
) -> None:
    session = InferenceSession(shaspec_model, small_case, device="cpu")
    *_, last = session.features()
    assert isinstance(last, Computed)
    *events, last = measure_job(session, last.value)
    assert any(isinstance(e, Progress) and e.stage.startswith("untrained") for e in events)
    assert isinstance(last, Computed)
    assert all(0 <= row.value <= 1 for row in last.value.rows)
