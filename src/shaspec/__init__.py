"""Multi-modal segmentation with missing modalities: the engine, which knows no screen."""

from __future__ import annotations

__version__ = "0.2.0"  # of both distributions: their pyproject.toml files read it here

__all__ = ["__version__"]
