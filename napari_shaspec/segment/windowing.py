"""Intensity windows of the modalities in the panel *Segment*. No Qt here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.windows import OPENED, Limits, ends, limits_of, presets_of
from napari_shaspec.segment.state import SegmentState

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Image

SourceKey = tuple["Path | str", str]
"""File of a layer, or its case, and modality."""


class Windowing:
    """Keeps ``windowed``, ``window``, ``preset`` and ``presets`` of a `SegmentState`.

    The window of every modality is kept per case: it returns when the case is opened again.
    """

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, run: Runner, job: JobControl
    ) -> None:
        self._viewer, self._state, self._run, self._job = viewer, state, run, job
        self._kept: dict[SourceKey, tuple[Limits, str]] = {}  # with the name of the preset
        self._watched: list[Image] = []
        self._chosen: Image | None = None  # the layer of the active modality
        self._setting = ""  # the preset that is being set
        viewer.layers.selection.events.active.connect(self._choose)
        for name in ("inserted", "removed"):
            viewer.layers.events[name].connect(self._on_layers, position="last")
        state.events.sources.connect(self._on_layers, max_args=0)
        self._on_layers()

    def close(self) -> None:
        """Disconnects from the layers."""
        self._viewer.layers.selection.events.active.disconnect(self._choose)
        for name in ("inserted", "removed"):
            self._viewer.layers.events[name].disconnect(self._on_layers)
        self._watch([])

    def set_preset(self, preset: str) -> None:
        """Sets the window of the active modality to a preset, which is computed in a worker."""
        layer = self._chosen
        if layer is None or preset not in self._state.presets:
            return
        volume, opened = layer.data, origin(layer).get("contrast")

        def job() -> Iterator[Limits]:
            if preset == OPENED and opened:
                yield opened
            else:
                yield limits_of(preset, np.asarray(volume))

        def done(limits: Limits) -> None:
            if layer in self._viewer.layers and layer.data is volume:
                self._set(layer, limits, preset)

        handlers: Handlers[Limits] = Handlers(done, self._job.show_error, lambda: None)
        self._run(job, handlers, threading.Event())

    def next_preset(self) -> None:
        """Sets the preset after the current one, or the first."""
        names = self._state.presets
        if names:
            place = names.index(self._state.preset) if self._state.preset in names else -1
            self.set_preset(names[(place + 1) % len(names)])

    def set_window(self, level: float, width: float) -> None:
        """Sets the window of the active modality by its centre and its width, above 0."""
        layer = self._chosen
        if layer is not None and width > 0:
            self._set(layer, ends(level, width), "")

    def _set(self, layer: Image, limits: Limits, preset: str) -> None:
        self._setting = preset
        try:
            layer.contrast_limits = limits
        finally:
            self._setting = ""
        self._note(layer, preset)

    # -- following -----------------------------------------------------------------------------

    def _on_layers(self, *_: object) -> None:
        """Layers of another case: each gets the window that its modality had before."""
        named = self._named()
        for layer in named:
            limits, preset = self._kept.get(self._key(layer), (None, ""))
            if layer not in self._watched and limits and limits != tuple(layer.contrast_limits):
                self._set(layer, limits, preset)
        self._watch(list(named))
        self._choose()

    def _named(self) -> dict[Image, str]:
        """The grey images that are modalities, of the model's task or of another one."""
        ours = {la: origin(la)["modality"] for la in of_kind(self._viewer, "modality")}
        rows = {la: name for name, la in self._state.sources.items() if la is not None}
        return {la: name for la, name in (ours | rows).items() if not la.rgb}

    def _watch(self, layers: list[Image]) -> None:
        for layer in self._watched:
            layer.events.contrast_limits.disconnect(self._on_limits)
            layer.events.visible.disconnect(self._choose)
        self._watched = layers
        for layer in layers:
            layer.events.contrast_limits.connect(self._on_limits)
            layer.events.visible.connect(self._choose)

    def _on_limits(self, event: Any) -> None:
        """The window of a layer was changed here or with napari's own slider."""
        if not self._setting:
            self._note(event.source, "")

    def _note(self, layer: Image, preset: str) -> None:
        low, high = layer.contrast_limits
        self._kept[self._key(layer)] = (float(low), float(high)), preset
        self._show()

    def _choose(self, *_: object) -> None:
        """The active modality: the selected one, or the topmost visible one."""
        names, there = self._named(), list(self._viewer.layers)
        active = self._viewer.layers.selection.active
        rows = [la for la in self._state.sources.values() if la in names and la in there]
        seen = [la for la in reversed(there) if la in names and la.visible]
        self._chosen = active if active in names else next(iter([*seen, *rows]), None)
        self._state.windowed = names.get(self._chosen, "")
        self._state.presets = presets_of(ct=self._is_ct()) if self._chosen is not None else ()
        self._show()

    def _show(self) -> None:
        layer = self._chosen
        if layer is None:
            self._state.window, self._state.preset = None, ""
            return
        low, high = layer.contrast_limits
        window = self._state.window = (float(low), float(high))
        opened = OPENED if origin(layer).get("contrast") == window else ""
        kept, preset = self._kept.get(self._key(layer), (None, ""))
        self._state.preset = (preset if kept == window else "") or opened

    def _is_ct(self) -> bool:
        """By the task of the layer; for a layer of another plugin by the task of its row."""
        layer, task = self._chosen, self._state.task
        if layer is not None and "ct" in origin(layer):
            return origin(layer)["ct"]
        named = task.modalities if task is not None else ()
        return any(modality.is_ct for modality in named if modality.name == self._state.windowed)

    def _key(self, layer: Image) -> SourceKey:
        facts = origin(layer)
        name = self._named().get(layer, layer.name)
        return facts.get("path") or facts.get("case", self._state.case), name
