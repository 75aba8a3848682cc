"""Projected points keep their voxel, kind and modality."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from shaspec.analysis.features import cloud
from shaspec.analysis.features.cloud import make_cloud
from shaspec.analysis.features.cohort import window_points
from shaspec.analysis.features.figure import cohort_figure, montage
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureMaps

Make = Callable[..., FeatureMaps]


def test_every_voxel_inside_is_a_point_per_kind_and_modality(make_maps: Make) -> None:
    maps = make_maps()
    cloud = make_cloud(maps, ["shared", "specific"])
    assert len(cloud.xy) == len(cloud.voxel) == 2 * 4 * maps.inside.sum()
    assert maps.inside[tuple(cloud.voxel.T)].all()
    assert cloud.kinds == ("shared", "specific")
    assert cloud.modalities == maps.task.names
    assert np.bincount(cloud.modality).tolist() == [2 * maps.inside.sum()] * 4


def test_marked_features_lie_apart_and_unmarked_ones_together(make_maps: Make) -> None:
    cloud = make_cloud(make_maps(specific=50.0), ["specific"])
    middles = [cloud.xy[cloud.modality == m].mean(axis=0) for m in range(4)]
    spread = max(cloud.xy[cloud.modality == m].std(axis=0).max() for m in range(4))
    assert np.std(middles, axis=0).max() > 5 * spread
    together = make_cloud(make_maps(), ["shared"])
    middles = [together.xy[together.modality == m].mean(axis=0) for m in range(4)]
    assert np.std(middles) < 0.1 * together.xy.std()


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_limit_on_points_keeps_the_same_voxels_for_all_modalities(
    make_maps: Make, method: str
) -> None:
    cloud = make_cloud(make_maps(), ["shared"], method, most=80)  # type: ignore[arg-type]
    assert cloud.xy.shape == (80, 2)
    first = cloud.voxel[cloud.modality == 0]
    for m in range(1, 4):
        np.testing.assert_array_equal(cloud.voxel[cloud.modality == m], first)
    assert np.isfinite(cloud.xy).all()


def test_kinds_of_different_widths_have_no_common_plane(make_maps: Make) -> None:
    maps = make_maps()
    maps = replace(maps, maps={**maps.maps, ("attention", "T1"): maps.maps["fused", "T1"][:2]})
    with pytest.raises(InputError, match="shared and attention features differ in number"):
        make_cloud(maps, ["shared", "attention"])


def test_a_cohort_has_eight_points_a_window(make_maps: Make) -> None:
    points = window_points([make_maps(seed=0), make_maps(seed=1)])
    assert len(points) == 2 * 3 * 8
    assert {p.case for p in points} == {"made-0", "made-1"}
    figure = cohort_figure(points, make_maps().task)
    assert "6 windows of 2 cases" in figure.axes[0].get_title()
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert {"shared T1", "specific FLAIR"} <= set(labels)
    assert len(labels) == 8


def test_a_cohort_without_features_is_refused() -> None:
    with pytest.raises(InputError, match="choose a ShaSpec model"):
        window_points([])


@pytest.mark.slow
def test_the_montage_has_a_row_per_kind_and_names_absent_modalities(
    make_maps: Make, small_case: Case
) -> None:
    figure = montage(make_maps(), small_case)
    rows = [a.get_ylabel() for a in figure.axes[: 7 * 4 : 4]]
    assert rows == [
        "image",
        "shared",
        "specific",
        "fused",
        "imputed",
        "error to shared",
        "error to fused",
    ]
    assert [a.get_title() for a in figure.axes[:4]][2:] == ["T1ce (absent)", "T2 (absent)"]
    imputed = figure.axes[16:20]
    assert [len(a.images) for a in imputed] == [0, 0, 1, 1]


def test_umap_is_used_where_it_is_installed_and_named_where_it_is_not(
    make_maps: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud, "has_umap", lambda: False)
    with pytest.raises(InputError, match="pip install umap-learn"):
        make_cloud(make_maps(), ("shared",), "umap")

    class Umap:
        """Stands for umap-learn."""

        def __init__(self, **options: object) -> None:
            assert options["random_state"] == 0

        def fit_transform(self, x: np.ndarray) -> np.ndarray:
            assert x.shape[1] <= cloud.COMPONENTS
            return x[:, :2] + 1000

    module = ModuleType("umap")
    module.UMAP = Umap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", module)
    monkeypatch.setattr(cloud, "has_umap", lambda: True)
    made = make_cloud(make_maps(), ("shared",), "umap", most=40)
    assert made.xy.shape[0] <= 40
    assert made.xy.min() > 500
