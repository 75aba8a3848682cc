"""The features that a session keeps, within a memory budget."""

from __future__ import annotations

from dataclasses import dataclass, field

from shaspec.models.base import Features

Corner = tuple[int, ...]
"""Corner of a window, or its size, in voxels."""

FeatureKey = tuple[int, Corner, Corner, Corner]
"""Modality, corner and size of a window, and the part of the case that the corner counts from."""


@dataclass
class KeptFeatures:
    """Features by modality and window, as long as they fit the budget (bytes)."""

    budget: int
    features: dict[FeatureKey, Features] = field(default_factory=dict)
    absent: dict[tuple[int, Corner], Features | None] = field(default_factory=dict)
    """Features of absent modalities; they do not depend on the corner of the window."""
    used: int = 0

    def add(self, key: FeatureKey, features: Features) -> None:
        """Keep ``features`` if there is room."""
        cost = sum(t.numel() * t.element_size() for t in features.values())
        if self.used + cost <= self.budget:
            self.features[key] = features
            self.used += cost
