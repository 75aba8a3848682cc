"""The results of a case in the panel *Segment*, with edits and undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.case.assignment import UNNAMED
from napari_shaspec.layers.metadata import KEY, of_kind, origin
from napari_shaspec.layers.results import (
    Drawn,
    add_result,
    go_to_result,
    keep_edits,
    layer_of,
)
from napari_shaspec.layers.voxels import Voxels
from napari_shaspec.segment.painted import is_painted, is_same, painted_copy
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.settings import InferenceSettings, display_settings
from napari_shaspec.writer import layer_writing
from shaspec.errors import InputError
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

SegmentResult = Prediction | Classification
MadeOf = dict[str, "tuple[Image, Voxels]"]
"""Modality -> its layer and voxels."""


@dataclass(frozen=True, eq=False)
class _Before:
    """The changes of the last run, for undo."""

    subset: str
    """Whose result it made."""
    result: SegmentResult | None
    """The replaced result of the same subset."""
    painted: Labels | None
    """Its layer, if it was edited and therefore kept."""
    shown: str


class Results:
    """Keeps ``results`` and ``shown`` of a `SegmentState`, and the layers of the results."""

    def __init__(self, viewer: ViewerModel, state: SegmentState) -> None:
        self._viewer = viewer
        self._state = state
        self._before: _Before | None = None
        self._made_of: MadeOf = {}
        self._key = ("", "")  # weights of the model, and case, of the results
        self._aside: dict[tuple[str, str], tuple[tuple[SegmentResult, ...], str, MadeOf]] = {}
        self._settings: dict[str, InferenceSettings | None] = {}  # of the runs, by subset
        state.events.results.connect(self._refresh_undo, max_args=0)
        state.events.shown.connect(self._refresh_undo, max_args=0)

    def named(self) -> dict[str, SegmentResult]:
        """The results of this case by subset name."""
        return {p.task.subset_name(p.subset): p for p in self._state.results}

    def made_with(self, subset: str, settings: InferenceSettings) -> bool:
        """Whether there is a result of this subset that was made with these settings."""
        return subset in self.named() and self._settings.get(subset) == settings

    def switch(self, sha256: str, case: str) -> None:
        """Sets the results aside, and restores those of another model or case if there are any."""
        self._aside[self._key] = (self._state.results, self._state.shown, self._made_of)
        self._key = (sha256, case)
        results, shown, made_of = self._aside.pop(self._key, ((), "", {}))
        self.forget()
        self._made_of = made_of
        there = [r for r in results if isinstance(r, Classification) or self._layer_of(r)]
        self._state.results = tuple(there)
        self._state.shown = shown if shown in self.named() else ""
        self._state.edited = self.edited()

    def forget(self) -> None:
        """Drops the results; their layers stay."""
        self._before = None
        self._made_of, self._settings = {}, {}
        self._state.results, self._state.shown, self._state.edited = (), "", {}

    def are_of(self, sources: Mapping[str, Image | None]) -> bool:
        """False if a modality of the results has another layer or other voxels now.

        Results stay valid if a modality was added or removed.
        """
        return all(
            layer is None or (layer is old and voxels.are(layer.data))
            for modality, (old, voxels) in self._made_of.items()
            for layer in [sources.get(modality)]
        )

    def take(
        self,
        result: SegmentResult,
        settings: InferenceSettings | None = None,
        ready: Drawn | None = None,
    ) -> Labels | None:
        """Replaces the result of the same subset; returns its layer if it was edited, which is
        then kept.

        Args:
            result: the new result.
            settings: of its run, if they are known.
            ready: for its layer; default: made now.
        """
        subset = result.task.subset_name(result.subset)
        earlier, shown = self.named().get(subset), self._state.shown
        kept = None
        if isinstance(result, Prediction):
            kept = keep_edits(self._viewer, result)
            layer = add_result(self._viewer, result, display_settings().overlay_opacity, ready)
            if not self._state.results:
                go_to_result(self._viewer, layer)
        self._before = _Before(subset, earlier, kept, shown)
        self._settings[subset] = settings
        for modality in result.subset:
            layer = self._state.sources.get(modality)
            if layer is not None:
                self._made_of[modality] = (layer, Voxels.of(layer.data))
        self._state.results = tuple((self.named() | {subset: result}).values())
        self._state.edited = self.edited()
        self._state.shown = subset
        return kept

    def change(self, result: Prediction, new: Prediction, ready: Drawn) -> Labels | None:
        """Replaces a result by the same one with other thresholds; returns its layer if it was
        edited, which is then kept."""
        if result not in self._state.results:
            return None
        kept = keep_edits(self._viewer, new)
        add_result(self._viewer, new, display_settings().overlay_opacity, ready)
        subset = new.task.subset_name(new.subset)
        if subset in self._state.edited:
            self._state.edited = {k: v for k, v in self._state.edited.items() if k != subset}
        self._state.results = tuple(new if r is result else r for r in self._state.results)
        return kept

    def adopt(self, result: Prediction) -> None:
        """Adds a result whose layer is there already, e.g. from a file, and shows it."""
        subset = result.task.subset_name(result.subset)
        self._state.results = (*self._state.results, result)
        self._state.shown = subset

    def undo(self) -> str:
        """Restores the result before the last run with its edits; called again, redoes the run.

        Returns a message; raises `InputError` if there is nothing to undo.
        """
        before = self._before
        if before is None or not self._can_undo():
            raise InputError("there is no earlier result to go back to")
        if before.result is None:
            self._before = replace(before, shown=self._state.shown)
            self._state.shown = before.shown
            return f"back to {before.shown}; the other result is in the table"
        painted = before.painted
        self.take(before.result)
        layer = self._layer_of(before.result)
        if layer is not None and painted is not None and painted in self._viewer.layers:
            layer.data = painted.data
            layer.metadata[KEY]["edits"] = origin(painted).get("edits", [])
            self._viewer.layers.remove(painted)
            self._state.edited = self.edited()
        return f"{before.subset}: back to the result before this one"

    def _can_undo(self) -> bool:
        before, named = self._before, self.named()
        if before is None or before.subset not in named:
            return False
        return before.result is not None or (
            before.shown in named and before.shown != self._state.shown
        )

    def _refresh_undo(self) -> None:
        self._state.can_undo = self._can_undo()

    def writing(self, path: Path, subset: str) -> Callable[[], Path]:
        """The work that writes the result of a subset as it is now, with its edits; with ``.csv``
        all volumes. It may be done in a worker.

        Raises:
            InputError: the result does not exist.
        """
        from shaspec.io import write_classes, write_sizes

        result = self.named().get(subset)
        layer = self._layer_of(result)
        if isinstance(result, Classification):
            return lambda: write_classes(path, [result])
        if result is not None and path.name.lower().endswith(".csv"):
            maps = self.as_they_are()
            return lambda: write_sizes(path, maps)
        if layer is None or result is None:
            raise InputError("no result to save yet: press Segment first")
        if layer.data.shape != result.labels.shape:
            raise InputError(self.foreign_labels())
        return layer_writing(path, layer)

    def other_than_shown(self, first: str) -> str | None:
        """Another subset with a result: ``first`` if it has one, else the newest; None: none."""
        named = self.named()
        candidates = [first, *reversed(named)]
        return next((n for n in candidates if n in named and n != self._state.shown), None)

    def on_removed(self, layer: Layer) -> None:
        """Removes a result from the table when its layer is removed."""
        facts = origin(layer)
        subset = facts.get("subset", "")
        result = self.named().get(subset)
        if facts.get("kind") != "result" or result is None or facts.get("case") != result.case:
            return
        if self._layer_of(result) is None:  # else this was a copy of it
            self._state.results = tuple(p for p in self._state.results if p is not result)
            self._state.edited = {k: v for k, v in self._state.edited.items() if k != subset}
            self._state.shown = "" if self._state.shown == subset else self._state.shown

    def edited(self) -> dict[str, Prediction]:
        """Subset name -> the edited result, for edited results."""
        edited = {}
        for subset, result in self.named().items():
            layer = self._layer_of(result)
            if isinstance(result, Prediction) and layer is not None and is_painted(result, layer):
                before, now = self._state.edited.get(subset), painted_copy(result, layer)
                edited[subset] = now if before is None or not is_same(before, now) else before
        return edited

    def foreign_labels(self) -> str:
        """A message about painted labels that the task does not have; empty if there are none."""
        for subset, result in self.named().items():
            layer, values = self._layer_of(result), {label.value for label in result.task.labels}
            if isinstance(result, Classification) or layer is None:
                continue
            if layer.data.shape != result.labels.shape:
                return (
                    f"the voxels of {subset} have another shape than its case, so it cannot be "
                    "saved: undo the change, or press Segment again"
                )
            if subset not in self._state.edited:
                continue
            painted = layer.data[layer.data != result.labels]  # few: this runs after every stroke
            foreign = sorted(set(np.unique(painted).tolist()) - values - {0})
            if foreign:
                labels = ", ".join(f"{la.value} {la.name}" for la in result.task.labels)
                return (
                    f"{subset} has the label {foreign[0]}, but the task has only {labels}. It "
                    "is not shown and cannot be saved: undo the stroke, or paint over it."
                )
        return ""

    def _layer_of(self, result: SegmentResult | None) -> Labels | None:
        return layer_of(self._viewer, result) if isinstance(result, Prediction) else None

    def as_they_are(self) -> list[Prediction]:
        """Edited label maps, the shown one first; then the kept layers of earlier results."""
        named = self.named()
        order = sorted(named, key=lambda subset: subset != self._state.shown)
        results = []
        for subset in order:
            result = named[subset]
            if isinstance(result, Prediction):
                layer = self._layer_of(result)
                painted = layer is not None and is_painted(result, layer)
                results.append(painted_copy(result, layer) if layer and painted else result)
        task = self._state.task
        if task is None:
            return results
        for layer in of_kind(self._viewer, "edited"):
            entry = origin(layer)
            if (
                entry.get("case") == (self._state.case or UNNAMED)
                and entry.get("task") == task.name
            ):
                names = task.parse_subset(entry["subset"])
                facts, grid = entry["provenance"], entry["grid"]
                made = Prediction(entry["case"], task, grid, names, layer.data, facts)
                results.append(painted_copy(made, layer))
        return results


def how(prediction: Prediction | Classification) -> str:
    """`` in 3.1 s on cpu``, from the provenance, with the server; empty without a time."""
    device = prediction.provenance.get("device")
    seconds = prediction.provenance.get("seconds", {}).get("total", 0)
    took = f" in {seconds:.1f} s" if seconds >= 0.05 else ""
    where = f"{device} of {server}" if (server := prediction.provenance.get("server")) else device
    return took + (f" on {where}" if device and (took or server) else "")
