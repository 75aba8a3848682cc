"""Views of features: equal features have equal colours in all modalities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.analysis.features.colours import ColourBasis
from shaspec.analysis.features.views import How, imputation_error, views
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureMaps

Make = Callable[..., FeatureMaps]


@given(st.integers(0, 999), st.integers(1, 8), st.integers(1, 40))
def test_a_basis_is_made_of_any_number_of_channels_and_points(
    seed: int, channels: int, points: int
) -> None:
    x = np.random.default_rng(seed).normal(size=(points, channels)).astype(np.float32)
    basis = ColourBasis.fit([x])
    assert basis.rgb(x.T).shape == (points, 3)
    gram = basis.components.axes @ basis.components.axes.T
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-6)


def test_the_first_component_holds_most_of_the_variance() -> None:
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 4)) * [9, 3, 1, 0.1]).astype(np.float32)
    basis = ColourBasis.fit([x[:200], x[200:]])
    assert abs(basis.components.axes[0, 0]) > 0.99
    assert list(basis.components.shares) == sorted(basis.components.shares, reverse=True)


def test_features_that_do_not_vary_have_one_colour() -> None:
    basis = ColourBasis.fit([np.ones((9, 4), np.float32)])
    assert len(np.unique(basis.rgb(np.ones((4, 9), np.float32)), axis=0)) == 1


def test_equal_features_of_two_modalities_have_equal_colours(make_maps: Make) -> None:
    maps = make_maps()
    maps.maps["shared", "T2"][:] = maps.maps["shared", "FLAIR"]
    seen = views(maps, "shared", How.COLOURS)
    np.testing.assert_array_equal(seen["T2"], seen["FLAIR"])
    assert seen["T1"].shape == (*maps.grid.shape, 4)
    assert seen["T1"].dtype == np.uint8
    assert not seen["T1"][0, ..., 3].any()  # outside: transparent
    assert (seen["T1"][1:, ..., 3] == 255).all()


def test_energy_is_the_length_of_the_feature(make_maps: Make) -> None:
    maps = make_maps()
    expected = np.sqrt((maps.maps["fused", "T1"] ** 2).sum(axis=0)) * maps.inside
    np.testing.assert_allclose(views(maps, "fused", How.ENERGY)["T1"], expected, rtol=1e-5)


def test_the_distance_to_the_mean_is_0_where_all_agree(make_maps: Make) -> None:
    maps = make_maps()
    for name in maps.task.names:
        maps.maps["shared", name][:] = 1
    maps.maps["shared", "T1"][:, 1, 2, 3] = 5  # mean 2, distance 3
    seen = views(maps, "shared", How.DISTANCE)
    assert seen["T1"][1, 2, 3] == pytest.approx(1.5)
    assert seen["T2"][1, 2, 3] == pytest.approx(0.5)
    assert seen["T1"].sum() == pytest.approx(1.5)


def test_a_channel_that_does_not_exist_is_refused(make_maps: Make) -> None:
    maps = make_maps()
    seen = views(maps, "specific", How.CHANNEL, 4)["T1"]
    np.testing.assert_array_equal(seen, maps.maps["specific", "T1"][4] * maps.inside)
    with pytest.raises(InputError, match="channels 0 to 4, not 5"):
        views(maps, "specific", How.CHANNEL, 5)


def test_the_error_of_imputation_is_of_the_length_of_the_true_feature(make_maps: Make) -> None:
    maps = make_maps()
    maps.maps["shared", "T2"][:] = 2
    maps.maps["imputed", "T2"][:] = 3
    error = imputation_error(maps)
    assert set(error) == {"T1ce", "T2"}
    np.testing.assert_allclose(error["T2"][maps.inside], 0.5, rtol=1e-6)
    assert imputation_error(maps, "fused").keys() == error.keys()


def test_an_unknown_kind_of_features_is_refused_with_the_known_ones(make_maps: Make) -> None:
    with pytest.raises(InputError, match=r"every modality is present.*shared, specific, fused"):
        views(make_maps(present=4), "imputed", How.COLOURS)
