"""An untrained model, and a scatter plot that needs no display."""

from __future__ import annotations

import pytest

from tests.tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory, task):
    """A model folder with random weights."""
    return str(save_tiny(tmp_path_factory.mktemp("models") / "untrained", task, window=24))


@pytest.fixture
def scatter(monkeypatch):
    """A scatter plot that needs no screen: what it was given to draw."""
    drawn = {}

    def show_points(self, xy, colours):
        drawn["xy"], drawn["colours"] = xy, colours

    monkeypatch.setattr("napari_shaspec.features.scatter.Scatter.show_points", show_points)
    return drawn
