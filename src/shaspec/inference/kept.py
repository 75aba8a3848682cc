"""What a session remembers of the encoders, within a budget of memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from shaspec.models.base import Features

Corner = tuple[int, ...]
"""Voxels in the order of the axes: where a window begins, or its size."""

Key = tuple[int, Corner, Corner, Corner]
"""Modality, corner and size of a window, and the part of the case that the corner counts from."""


@dataclass
class KeptFeatures:
    """Features by modality and window, as long as they fit the budget (bytes)."""

    budget: int
    features: dict[Key, Features] = field(default_factory=dict)
    absent: dict[tuple[int, Corner], Features | None] = field(default_factory=dict)
    """What stands for an absent modality in a window: the same wherever the window lies."""
    used: int = 0

    def add(self, key: Key, features: Features) -> None:
        """Keep ``features`` if there is room."""
        cost = sum(t.numel() * t.element_size() for t in features.values())
        if self.used + cost <= self.budget:
            self.features[key] = features
            self.used += cost
