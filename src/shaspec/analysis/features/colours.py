"""Feature channels as RGB colours: principal components in red, green and blue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.components import Components
from shaspec.inference.feature_maps import Floats

PERCENTILES = (1.0, 99.0)  # of each component over the fitted voxels: shown as 0 and 255
SAMPLE = 50_000  # voxels to which a basis is fitted


@dataclass(frozen=True, eq=False)
class ColourBasis:
    """Three principal components and the range of each. All modalities share one basis, so that the
    same colour means the same feature."""

    components: Components
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    """Values (3,) that become 0 and 255."""

    @classmethod
    def fit(cls, points: Iterable[Floats]) -> ColourBasis:
        """Fits the basis to several sets of features (n, C) together."""
        x = np.concatenate(list(points))
        x = x[:: max(1, len(x) // SAMPLE)]
        components = Components.fit(x, 3)
        low, high = np.percentile(components.project(x), PERCENTILES, axis=0)
        return cls(components, low, high)

    def rgb(self, values: Floats) -> npt.NDArray[np.uint8]:
        """Features (C, *spatial) -> colours (*spatial, 3)."""
        projected = self.components.project(values.reshape(len(values), -1).T)
        scaled = (projected - self.low) / np.maximum(self.high - self.low, 1e-12)
        colours = (scaled.clip(0, 1) * 255).round().astype(np.uint8)
        return colours.reshape(*values.shape[1:], 3)
