"""Principal components of features, also for few or constant features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """``axes`` (k, C) are orthonormal, sorted by variance; missing components are zero rows."""

    mean: Doubles
    axes: Doubles
    shares: tuple[float, ...]
    """Explained variance ratio of each axis."""

    @classmethod
    def fit(cls, x: npt.ArrayLike, count: int) -> Components:
        """The first ``count`` components of features (n, C)."""
        from sklearn.decomposition import PCA

        x = np.asarray(x, np.float64)
        axes, shares = np.zeros((count, x.shape[1])), np.zeros(count)
        if len(x) > 1 and np.ptp(x, axis=0).any():
            available = min(count, *x.shape)
            wide = len(x) < x.shape[1]
            pca = PCA(available, svd_solver="full" if wide else "covariance_eigh").fit(x)
            axes[:available] = pca.components_
            shares[:available] = pca.explained_variance_ratio_
        return cls(x.mean(axis=0), axes, tuple(float(s) for s in shares))

    def project(self, x: npt.ArrayLike) -> Doubles:
        """Features (n, C) -> (n, k)."""
        return np.asarray((np.asarray(x) - self.mean) @ self.axes.T)
