"""Settings of *Preferences > Plugins > ShaSpec*, as frozen values.

The defaults are repeated from the manifest for scripts and tests, where napari has no settings of
the plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from shaspec.errors import InputError

PLUGIN = "napari-shaspec"


@dataclass(frozen=True)
class InferenceSettings:
    """Settings of a session; a change opens a new session."""

    device: str = "auto"
    precision: str = "auto"
    window: str = ""
    overlap: float = 0.25
    keep_features: bool = True
    memory: float = 0.0
    update_when_toggled: bool = field(default=True, compare=False)  # of the panel, not of a session

    @property
    def voxels(self) -> tuple[int, ...] | None:
        """The window size; None: as in the model. Raises `InputError`."""
        try:
            return tuple(int(part) for part in self.window.split(",")) if self.window else None
        except ValueError:
            raise InputError(
                f"setting Window: {self.window!r} is invalid; give whole numbers, e.g. 128,128,128"
            ) from None

    @property
    def keep(self) -> int | None:
        """Memory limit of cached features in bytes; None: chosen by the session."""
        if not self.keep_features:
            return 0
        return int(self.memory * 1e9) or None


@dataclass(frozen=True)
class ServerSettings:
    """Where the networks run."""

    address: str = ""
    """As `shaspec serve` prints it; empty: this computer."""


@dataclass(frozen=True)
class DisplaySettings:
    """Opacity of results and of absent modalities, and the size of texts."""

    overlay_opacity: float = 0.6
    dimmed_opacity: float = 0.25
    large_type: bool = False


@dataclass(frozen=True)
class ModelSettings:
    """Model folders in addition to the bundled models; see `napari_shaspec.model_folders`."""

    folders: str = ""
    seconds: str = ""
    """Run times measured by `napari_shaspec.run_times`, as JSON."""


@dataclass(frozen=True)
class CaseSettings:
    """What is remembered of earlier cases, as JSON."""

    roles: str = ""
    """By `napari_shaspec.assign.memory`."""
    recent: str = ""
    """By `napari_shaspec.recent_cases`."""


def inference_settings() -> InferenceSettings:
    """The current settings of the section *Inference*."""
    return InferenceSettings(**_values("inference", InferenceSettings))


def server_settings() -> ServerSettings:
    """The current settings of the section *Server*."""
    return ServerSettings(**_values("server", ServerSettings))


def display_settings() -> DisplaySettings:
    """The current settings of the section *Display*."""
    return DisplaySettings(**_values("display", DisplaySettings))


def section(name: str) -> Any:
    """The settings of a section, to read, set and follow; None: napari has none."""
    from napari.settings import get_plugin_settings

    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except (KeyError, AttributeError):  # not installed as a plugin: a test, a script
        return None


def follow(name: str, keys: tuple[str, ...], changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever one of these settings changes; call the result to disconnect."""
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
    """Values of a section; empty if napari has none."""
    kept = section(name)
    return {f.name: getattr(kept, f.name) for f in fields(kind) if hasattr(kept, f.name)}
