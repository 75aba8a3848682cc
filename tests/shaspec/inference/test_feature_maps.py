"""Feature maps of a whole case: positions and subsets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from shaspec.analysis.features.views import mean_weights
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.events import Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.mosaic import Mosaic, coarsened
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.models.base import Features, Network
from shaspec.models.card import Card
from shaspec.models.registry import build, network_config
from shaspec.models.weights import Model, load_model
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on whole cases


def features(session: InferenceSession, *present: str) -> FeatureMaps:
    return last_event(session.features(present or None)).value


def session_of(model: Model, case: Case, **options: object) -> InferenceSession:
    return InferenceSession(model, case, device="cpu", precision="float32", **options)  # type: ignore[arg-type]


def stages(events: Sequence[object]) -> set[str]:
    return {e.stage for e in events if isinstance(e, Progress)}


@pytest.fixture
def maml_model(brats: Task) -> Model:
    torch.manual_seed(0)
    config = network_config("maml", "light", brats, base_features=2, n_downsamplings=2)
    card = Card(
        name="tiny-maml",
        title="",
        licence="",
        method="maml",
        preset="light",
        network={},
        task=brats,
        window=(32, 32, 32),
        instant_toggles=True,
    )
    network = build("maml", config)
    network.prepare_for_inference()
    return Model(network, card)


def test_every_kind_of_every_modality_is_there_on_one_grid(
    shaspec_model: Model, small_case: Case
) -> None:
    maps = features(session_of(shaspec_model, small_case), "FLAIR", "T2")
    assert maps.kinds == ("shared", "specific", "fused", "imputed")
    assert set(maps.of("shared")) == set(small_case.task.names)
    assert set(maps.of("imputed")) == {"T1", "T1ce"}
    assert {m.shape for m in maps.maps.values()} == {(8, *maps.grid.shape)}
    assert all(np.isfinite(m).all() for m in maps.maps.values())
    assert maps.inside.shape == maps.grid.shape
    assert maps.points("shared", "T1").shape == (maps.inside.sum(), 8)
    assert maps.windows["domain", "T1"].shape[1] == 4
    assert len(maps.windows["domain", "T1"]) == len(maps.windows["shared", "T1"])


def test_the_imputed_feature_is_the_mean_shared_one_of_the_present(
    shaspec_model: Model, small_case: Case
) -> None:
    maps = features(session_of(shaspec_model, small_case), "FLAIR", "T2")
    mean = (maps.maps["shared", "FLAIR"] + maps.maps["shared", "T2"]) / 2
    np.testing.assert_allclose(maps.maps["imputed", "T1"], mean, atol=1e-5)


def test_a_modality_that_the_case_lacks_is_imputed_and_has_no_true_feature(
    shaspec_model: Model, small_case: Case
) -> None:
    maps = features(session_of(shaspec_model, small_case.only(("FLAIR", "T2"))))
    assert set(maps.of("imputed")) == {"T1", "T1ce"}
    assert set(maps.of("shared")) == {"FLAIR", "T2"}


def test_another_subset_does_not_encode_again(shaspec_model: Model, small_case: Case) -> None:
    session = session_of(shaspec_model, small_case)
    assert "encode T1ce" in stages(list(session.features(["FLAIR"])))
    assert stages(list(session.features(["FLAIR", "T1"]))) == {"prepared", "stitch"}
    assert stages(list(session.predict())) == {"prepared", "decode"}


def test_progress_counts_up_to_its_total(shaspec_model: Model, small_case: Case) -> None:
    ticks = [e for e in session_of(shaspec_model, small_case).features() if isinstance(e, Progress)]
    assert [t.done for t in ticks] == list(range(len(ticks)))
    assert {t.total for t in ticks} == {len(ticks) - 1}


def test_attention_of_maml_knows_the_subset_and_lies_between_0_and_1(
    maml_model: Model, small_case: Case
) -> None:
    maps = features(session_of(maml_model, small_case), "FLAIR", "T2")
    assert maps.kinds == ("feature", "attention")
    assert set(maps.of("attention")) == {"FLAIR", "T2"}
    attention = maps.maps["attention", "T2"]
    assert 0 <= attention.min() < attention.max() <= 1
    assert maps.grid.spacing == (4.0, 4.0, 4.0)  # averaged, or it would fill memory


@pytest.mark.parametrize("present", [("FLAIR", "T2"), ("T1",)])
def test_the_weights_of_simmlm_know_the_subset_and_add_up_to_1(
    model_of: Callable[[Task, str], Model], small_case: Case, present: tuple[str, ...]
) -> None:
    maps = features(session_of(model_of(small_case.task, "simmlm"), small_case), *present)
    assert maps.kinds == ("logits", "weight")
    assert set(maps.of("logits")) == set(small_case.task.names)
    weights = maps.of("weight")
    assert set(weights) == set(present)
    np.testing.assert_allclose(sum(weights.values()), 1, atol=1e-5)
    means = mean_weights(maps)
    assert list(means) == ["background", *(label.name for label in small_case.task.labels)]
    for row in means.values():
        assert sum(row.values()) == pytest.approx(1, abs=1e-5)


def test_maps_without_weights_have_no_mean_of_them(shaspec_model: Model, small_case: Case) -> None:
    assert mean_weights(features(session_of(shaspec_model, small_case))) == {}


def test_a_model_without_such_features_is_named_in_the_error(
    zero_fill_folder: Path, small_case: Case
) -> None:
    session = session_of(load_model(zero_fill_folder), small_case)
    with pytest.raises(InputError, match=r"tiny-zero-fill.*choose a ShaSpec, MAML or SimMLM"):
        list(session.features())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.5)])
def test_positions_in_mm_are_preserved(
    shaspec_model: Model,
    small_case: Case,
    monkeypatch: pytest.MonkeyPatch,
    spacing: tuple[float, float, float],
) -> None:
    def encode(self: Network, image: Tensor, modality: int) -> Features:
        mean = F.avg_pool3d(image, 8)
        return {"shared": mean, "specific": mean, "fused": mean, "domain": torch.zeros(1, 4)}

    monkeypatch.setattr(type(shaspec_model.network), "encode", encode)
    grid = Grid(small_case.grid.shape, spacing, (-20.0, 30.0, 7.0))
    volume = np.random.default_rng(0).normal(10, 1, grid.shape)
    spot = (28, 16, 30)
    volume[26:31, 14:19, 28:33] += 20
    case = replace(small_case, grid=grid, volumes={"T1": volume}, labels=None)
    maps = features(session_of(shaspec_model, case))
    shared = maps.maps["shared", "T1"][0]
    found = np.array(np.unravel_index(shared.argmax(), shared.shape))
    mm = np.array(maps.grid.origin) + found * maps.grid.spacing
    true = np.array(grid.origin) + np.array(spot) * spacing
    assert (np.abs(mm - true) <= 0.75 * np.array(maps.grid.spacing)).all()


@given(
    st.tuples(*[st.integers(0, 9)] * 3),
    st.tuples(*[st.integers(17, 40)] * 3),
    st.floats(0, 0.6),
)
def test_windows_at_any_corner_are_put_together_to_one_map(
    start: tuple[int, int, int], lengths: tuple[int, int, int], overlap: float
) -> None:
    """A map whose value is its position in mm: no value ends up further off than one stride."""
    from shaspec.inference.windows import plan

    box = tuple(slice(a, a + n) for a, n in zip(start, lengths, strict=True))
    corners, size = plan(box, (16, 16, 16), (8, 8, 8), overlap)
    mosaic: Mosaic | None = None
    for corner in corners:
        axes = [c + 8 * (torch.arange(n // 8) + 0.5) for c, n in zip(corner, size, strict=True)]
        values = torch.stack(torch.meshgrid(*axes, indexing="ij"))
        mosaic = mosaic or Mosaic(box, size, values)
        mosaic.add(values, corner)
    assert mosaic is not None
    mean = mosaic.mean()
    axes = [a + 8 * (torch.arange(n) + 0.5) for a, n in zip(start, mean.shape[1:], strict=True)]
    true = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    assert (mean - true).abs().max() < 8


def test_a_single_window_gives_its_own_map() -> None:
    values = torch.rand(3, 2, 3, 2)
    mosaic = Mosaic((slice(4, 20), slice(0, 24), slice(8, 24)), (16, 24, 16), values)
    mosaic.add(values, (4, 0, 8))
    torch.testing.assert_close(mosaic.mean(), values)


def test_fine_maps_are_averaged_and_coarse_maps_are_unchanged() -> None:
    fine, coarse = torch.rand(2, 16, 16, 16), torch.rand(2, 2, 2, 2)
    assert coarsened(fine, (16, 16, 16)).shape == (2, 4, 4, 4)
    torch.testing.assert_close(coarsened(fine, (16, 16, 16)).mean(), fine.mean())
    assert coarsened(coarse, (16, 16, 16)) is coarse


def test_untrained_weights_are_fresh_and_repeatable(
    make_model: Callable[..., Model], small_case: Case
) -> None:
    from shaspec.models.weights import untrained

    model = make_model()
    one, two = untrained(model), untrained(model)
    for a, b, own in zip(
        one.network.parameters(),
        two.network.parameters(),
        model.network.parameters(),
        strict=True,
    ):
        torch.testing.assert_close(a, b)
        assert a.shape == own.shape
    assert one.card.name == "untrained tiny-shaspec"
    assert not one.card.seen(small_case)
