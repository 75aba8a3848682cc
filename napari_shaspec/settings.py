"""What the user set in *Preferences > Plugins > ShaSpec*, as plain frozen values.

The defaults stand here as well as in the manifest, so that the plugin works from a script, in a
test and wherever napari has no settings for it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

PLUGIN = "napari-shaspec"


@dataclass(frozen=True)
class InferenceSettings:
    """How a session runs."""

    device: str = "auto"
    overlap: float = 0.25
    keep_features: bool = True
    update_when_toggled: bool = True


@dataclass(frozen=True)
class DisplaySettings:
    """How results and absent modalities look."""

    overlay_opacity: float = 0.6
    dimmed_opacity: float = 0.25


@dataclass(frozen=True)
class ModelSettings:
    """Which models are offered beside the bundled ones; see `napari_shaspec.known_models`."""

    folders: str = ""


def inference_settings() -> InferenceSettings:
    """The current settings of the section *Inference*."""
    return InferenceSettings(**_values("inference", InferenceSettings))


def display_settings() -> DisplaySettings:
    """The current settings of the section *Display*."""
    return DisplaySettings(**_values("display", DisplaySettings))


def section(name: str) -> Any:
    """What napari keeps for a section, to be read, set and followed; None where it keeps none."""
    from napari.settings import get_plugin_settings

    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except (KeyError, AttributeError):  # not installed as a plugin: a test, a script
        return None


def _values(name: str, kind: type) -> dict[str, Any]:
    """Values that napari keeps for a section; empty where it keeps none."""
    kept = section(name)
    return {f.name: getattr(kept, f.name) for f in fields(kind) if hasattr(kept, f.name)}
