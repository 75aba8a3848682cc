"""Projection of the features of voxels to points in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.components import Components
from shaspec.analysis.features.views import of_kind
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureKind, FeatureMaps, Floats

Method = Literal["pca", "tsne", "umap"]
MOST: dict[Method, int] = {"pca": 100_000, "tsne": 5_000, "umap": 5_000}
"""Maximum number of points: 5000 take about a minute with t-SNE; PCA is fast."""
COMPONENTS = 30  # principal components used as input of t-SNE and UMAP: faster, less noise


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points (n, 2), with voxel, kind of feature and modality of each."""

    method: Method
    xy: Floats
    voxel: npt.NDArray[np.intp]
    """Voxels (n, 3) on the grid of the maps."""
    kind: npt.NDArray[np.intp]
    """Indices (n,) into ``kinds``."""
    modality: npt.NDArray[np.intp]
    """Indices (n,) into ``modalities``."""
    kinds: tuple[FeatureKind, ...]
    modalities: tuple[str, ...]


def make_cloud(
    maps: FeatureMaps,
    kinds: Sequence[FeatureKind],
    method: Method = "pca",
    most: int | None = None,
    seed: int = 0,
) -> Cloud:
    """Projects the features of all voxels inside the anatomy.

    Args:
        maps: the feature maps.
        kinds: kinds of features to plot together.
        method: of projection.
        most: maximum number of points; default: `MOST`. If there are more, the same random voxels
            are used for all kinds and modalities.
        seed: of the random voxels and the projection.

    Raises:
        InputError: the kinds have different numbers of channels, or the method is not installed.
    """
    sets = [(k, m) for k in kinds for m in of_kind(maps, k)]
    channels = {len(maps.maps[key]) for key in sets}
    if len(channels) > 1:
        raise InputError(
            f"{' and '.join(kinds)} features differ in number of channels: plot them separately"
        )
    voxels = np.argwhere(maps.inside)
    limit = max(1, (most or MOST[method]) // len(sets))
    if len(voxels) > limit:
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(len(voxels), limit, replace=False))
    else:
        chosen = np.arange(len(voxels))
    x = np.concatenate([maps.points(*key)[chosen] for key in sets])
    names = tuple(m for m in maps.task.names if any(m == name for _, name in sets))
    n = len(chosen)
    return Cloud(
        method=method,
        xy=plane(x, method, seed),
        voxel=np.tile(voxels[chosen], (len(sets), 1)),
        kind=np.repeat([list(kinds).index(k) for k, _ in sets], n),
        modality=np.repeat([names.index(m) for _, m in sets], n),
        kinds=tuple(kinds),
        modalities=names,
    )


def has_umap() -> bool:
    """Whether the package umap-learn is installed."""
    return find_spec("umap") is not None


def plane(x: Floats, method: Method, seed: int = 0) -> Floats:
    """Projects features (n, C) to points (n, 2): PCA, or t-SNE or UMAP of 30 principal components.

    t-SNE (van der Maaten and Hinton 2008) and UMAP (McInnes et al. 2018) keep neighbours together;
    distances between groups of points have no meaning. Raises `InputError` for too few points, or
    if UMAP is not installed.
    """
    if len(x) < 4:
        raise InputError(
            f"{len(x)} points are too few to plot: give more cases, or a smaller window"
        )
    reduced = Components.fit(x, 2 if method == "pca" else COMPONENTS).project(x)
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(30.0, (len(x) - 1) / 3)
        embedding = TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
        reduced = embedding.fit_transform(reduced)
    elif method == "umap":
        if not has_umap():
            raise InputError("UMAP is not installed: pip install umap-learn, or choose t-SNE")
        from umap import UMAP

        neighbours = min(15, len(x) - 1)
        reduced = UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1).fit_transform(reduced)
    return np.asarray(reduced, np.float32)
