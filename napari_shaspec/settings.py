"""What the user set in *Preferences > Plugins > ShaSpec*, as plain frozen values.

The defaults stand here as well as in the manifest, so that the plugin works from a script, in a
test and wherever napari has no settings for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from shaspec.errors import InputError

PLUGIN = "napari-shaspec"


@dataclass(frozen=True)
class InferenceSettings:
    """How a session runs: with others, another session is opened."""

    device: str = "auto"
    window: str = ""
    overlap: float = 0.25
    keep_features: bool = True
    memory: float = 0.0
    update_when_toggled: bool = field(default=True, compare=False)  # the panel's, not a session's

    @property
    def voxels(self) -> tuple[int, ...] | None:
        """The window; None: that of the model. Raises `InputError`."""
        try:
            return tuple(int(part) for part in self.window.split(",")) if self.window else None
        except ValueError:
            raise InputError(
                f"setting Window: {self.window!r} is no list of whole numbers such as 128,128,128"
            ) from None

    @property
    def keep(self) -> int | None:
        """Bytes of features to keep; None: what a session thinks right."""
        if not self.keep_features:
            return 0
        return int(self.memory * 1e9) or None


@dataclass(frozen=True)
class DisplaySettings:
    """How results and absent modalities look."""

    overlay_opacity: float = 0.6
    dimmed_opacity: float = 0.25


@dataclass(frozen=True)
class ModelSettings:
    """Which models are offered beside the bundled ones; see `napari_shaspec.model_folders`."""

    folders: str = ""
    seconds: str = ""
    """What `napari_shaspec.run_times` has measured."""


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


def follow(name: str, keys: tuple[str, ...], changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever one of these settings changes; the result ends that."""
    kept = section(name)
    if kept is None:
        return lambda: None

    def on_change(_: Any) -> None:
        changed()

    events = [getattr(kept.events, key) for key in keys]
    for event in events:
        event.connect(on_change)

    def end() -> None:
        for event in events:
            event.disconnect(on_change)

    return end


def _values(name: str, kind: type) -> dict[str, Any]:
    """Values that napari keeps for a section; empty where it keeps none."""
    kept = section(name)
    return {f.name: getattr(kept, f.name) for f in fields(kind) if hasattr(kept, f.name)}
