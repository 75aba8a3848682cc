"""An untrained model, and a scatter plot that needs no display."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def model(make_untrained):
    return make_untrained((24, 24, 24))


@pytest.fixture
def scatter(monkeypatch):
    """A scatter plot that needs no screen: what it was given to draw."""
    drawn = {}

    def show_points(self, xy, colours):
        drawn["xy"], drawn["colours"] = xy, colours

    monkeypatch.setattr("napari_shaspec.features.scatter.Scatter.show_points", show_points)
    return drawn
