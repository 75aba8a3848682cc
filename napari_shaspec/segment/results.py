"""The results of the case in the panel *Segment*: as they came, as they were painted, undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.case.assignment import UNNAMED
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import (
    add_result,
    go_to_result,
    is_edited,
    keep_edits,
    layer_of,
)
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.settings import display_settings
from napari_shaspec.writer import save_layer
from shaspec.errors import InputError
from shaspec.io import write_classes, write_sizes
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

SegmentResult = Prediction | Classification
MadeOf = dict[str, "tuple[Image, object]"]
"""Modality -> the layer it was taken from, and its voxels."""


@dataclass(frozen=True, eq=False)
class _Before:
    """What the last run has changed."""

    subset: str
    """Whose result it made."""
    result: SegmentResult | None
    """The result of the same subset that was there."""
    painted: Labels | None
    """Its layer, where it was painted in and so was set aside."""
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

    def named(self) -> dict[str, SegmentResult]:
        """The results of this case by their subset names."""
        return {p.task.subset_name(p.subset): p for p in self._state.results}

    def switch(self, sha256: str, case: str) -> None:
        """Sets the results aside and takes up those of another model or case, if there are some."""
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
        self._made_of = {}
        self._state.results, self._state.shown, self._state.edited = (), "", {}

    def are_of(self, sources: Mapping[str, Image | None]) -> bool:
        """False if a modality that they were made of is another layer now, or has other voxels.

        One that was added, or taken away, leaves them true.
        """
        return all(
            layer is None or (layer is old and layer.data is voxels)
            for modality, (old, voxels) in self._made_of.items()
            for layer in [sources.get(modality)]
        )

    def take(self, result: SegmentResult) -> Labels | None:
        """Puts a result in the place of the one for the same subset; returns the layer of that one
        where it was painted in, which is kept beside it."""
        subset = result.task.subset_name(result.subset)
        earlier, shown = self.named().get(subset), self._state.shown
        kept = None
        if isinstance(result, Prediction):
            kept = keep_edits(self._viewer, result)
            layer = add_result(self._viewer, result, display_settings().overlay_opacity)
            if not self._state.results:
                go_to_result(self._viewer, layer)
        self._before = _Before(subset, earlier, kept, shown)
        for modality in result.subset:
            layer = self._state.sources.get(modality)
            if layer is not None:
                self._made_of[modality] = (layer, layer.data)
        self._state.results = tuple((self.named() | {subset: result}).values())
        self._state.edited = self.edited()
        self._state.shown = subset
        return kept

    def undo(self) -> str:
        """Goes back to what was shown before the last run, painted as it was; again: forth.

        Returns a sentence; raises `InputError` if there is nothing to go back to.
        """
        before = self._before
        if before is None or before.subset not in self.named():
            raise InputError("there is no earlier result to go back to")
        if before.result is None:
            if before.shown not in self.named():
                raise InputError("there is no earlier result to go back to")
            self._before = replace(before, shown=self._state.shown)
            self._state.shown = before.shown
            return f"back to {before.shown}; the other result is in the table"
        painted = before.painted
        self.take(before.result)
        layer = self._layer_of(before.result)
        if layer is not None and painted is not None and painted in self._viewer.layers:
            layer.data = painted.data
            self._viewer.layers.remove(painted)
            self._state.edited = self.edited()
        return f"{before.subset}: back to the result before this one"

    def save(self, path: Path, subset: str) -> Path:
        """Writes the result of a subset, as it was painted, or with ``.csv`` all volumes.

        Raises:
            ShaspecError: there is no such result, or the file cannot be written.
        """
        result = self.named().get(subset)
        layer = self._layer_of(result)
        if isinstance(result, Classification):
            return write_classes(path, [result])
        if result is not None and path.name.lower().endswith(".csv"):
            return write_sizes(path, self.as_they_are())
        if layer is None:
            raise InputError("there is no result to save yet: press Segment first")
        return save_layer(path, layer)

    def other_than_shown(self, first: str) -> str | None:
        """A subset with a result that is not shown: ``first``, else the newest; None: no other."""
        named = self.named()
        candidates = [first, *reversed(named)]
        return next((n for n in candidates if n in named and n != self._state.shown), None)

    def on_removed(self, layer: Layer) -> None:
        """A result whose layer was removed leaves the table."""
        what = origin(layer)
        subset = what.get("subset", "")
        result = self.named().get(subset)
        if what.get("kind") != "result" or result is None or what.get("case") != result.case:
            return
        if self._layer_of(result) is None:  # else this was a copy of it
            self._state.results = tuple(p for p in self._state.results if p is not result)
            self._state.shown = "" if self._state.shown == subset else self._state.shown

    def edited(self) -> dict[str, Prediction]:
        """Subset name -> the result as it was painted, for those that were."""
        found = {}
        for subset, result in self.named().items():
            layer = self._layer_of(result)
            if isinstance(result, Prediction) and layer is not None and is_edited(layer):
                found[subset] = _edited(result, layer)
        return found

    def foreign_labels(self) -> str:
        """A sentence on painted labels that the task does not have; empty where there are none."""
        for subset, result in self.named().items():
            layer, values = self._layer_of(result), {label.value for label in result.task.labels}
            if layer is None or subset not in self._state.edited:
                continue
            foreign = sorted(set(np.unique(layer.data).tolist()) - values - {0})
            if foreign:
                known = ", ".join(f"{la.value} {la.name}" for la in result.task.labels)
                return (
                    f"{subset} has the label {foreign[0]}, which is none of {known}. It is not "
                    "shown and cannot be saved: undo the stroke, or paint over it."
                )
        return ""

    def _layer_of(self, result: SegmentResult | None) -> Labels | None:
        return layer_of(self._viewer, result) if isinstance(result, Prediction) else None

    def as_they_are(self) -> list[Prediction]:
        """Label maps as they were painted since, the shown one first; then those set aside."""
        named = self.named()
        order = sorted(named, key=lambda subset: subset != self._state.shown)
        found = []
        for subset in order:
            result = named[subset]
            if isinstance(result, Prediction):
                layer = self._layer_of(result)
                painted = layer is not None and is_edited(layer)
                found.append(_edited(result, layer) if layer and painted else result)
        task = self._state.task
        if task is None:
            return found
        for layer in of_kind(self._viewer, "edited"):
            what = origin(layer)
            if what.get("case") == (self._state.case or UNNAMED) and what.get("task") == task.name:
                names = task.parse_subset(what["subset"])
                facts, grid = what["provenance"], what["grid"]
                made = Prediction(what["case"], task, grid, names, layer.data, facts)
                found.append(_edited(made, layer))
        return found


def _edited(result: Prediction, layer: Labels) -> Prediction:
    """A copy: the layer may be painted in while the copy is used elsewhere."""
    facts = {**result.provenance, "edited": True}
    return replace(result, labels=layer.data.astype("uint8"), provenance=facts)


def how(prediction: Prediction | Classification) -> str:
    """`` in 3.1 s on cpu``, as far as the provenance tells; nothing if it took no time."""
    device = prediction.provenance.get("device")
    seconds = prediction.provenance.get("seconds", {}).get("total", 0)
    took = f" in {seconds:.1f} s" if seconds >= 0.05 else ""
    return took + (f" on {device}" if took and device else "")
