"""Many channels as three: principal components in red, green and blue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.components import Components
from shaspec.inference.feature_maps import Floats

PERCENTILES = (1.0, 99.0)  # of each component over the fitted voxels: black and full colour
SAMPLE = 50_000  # voxels that a basis is fitted to


@dataclass(frozen=True, eq=False)
class ColourBasis:
    """Three principal components and the range of each. One basis for all modalities: then the
    same colour is the same feature."""

    components: Components
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    """(3,) values that become 0 and 255."""

    @classmethod
    def fit(cls, points: Iterable[Floats]) -> ColourBasis:
        """Basis of several sets of features (n, C) taken together."""
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
