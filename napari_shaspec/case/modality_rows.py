"""Keeps the modality rows in sync with the layers of a viewer.

Updates ``sources``, ``present``, ``choices`` and ``case`` of a `CaseState` when layers are added,
removed or renamed, and dims the layers of absent modalities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.assignment import (
    candidates,
    case_of,
    cases_of,
    find_layers,
    newest_case,
)
from napari_shaspec.case.open_cases import MIXED, OpenCases
from napari_shaspec.case.state import CaseState
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.presence import dim_absent, undim
from napari_shaspec.settings import display_settings
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


class ModalityRows:
    """One row per modality of a task. The rows do not change while a job runs.

    ``dims``: dims the layers of unticked modalities; one panel of a viewer can do that.
    """

    def __init__(self, viewer: ViewerModel, state: CaseState, *, dims: bool = True) -> None:
        self._viewer = viewer
        self._state = state
        self._dims = dims
        self._task: Task | None = None
        self._arrived: list[Layer] = []
        self._batches = 0  # of changes of layers that have not ended
        self._ticks: dict[str, frozenset[str]] = {}  # of the cases that are open but not shown
        for layer in viewer.layers:
            layer.events.name.connect(self._refresh_choices)
        viewer.layers.events.inserted.connect(self._on_inserted, position="last")
        viewer.layers.events.removed.connect(self._on_removed, position="last")
        viewer.layers.events.begin_batch.connect(self._on_batch)
        viewer.layers.events.end_batch.connect(self._on_batch_end, position="last")
        state.events.status.connect(self._catch_up)

    def set_task(self, task: Task) -> None:
        """Makes rows for another task, filled with the newest case in the viewer."""
        if task == self._task:
            return
        self._task = task
        self._refresh_choices()
        case = newest_case(candidates(self._viewer.layers, task))
        self._set_sources(find_layers(self._viewer.layers, task, case), case)

    def assign(self, modality: str, layer: Image | None) -> None:
        """Assigns ``layer`` to ``modality`` and ticks it; None unticks it."""
        sources = {**self._state.sources, modality: layer}
        self._set_sources(sources, MIXED.join(cases_of(sources)) or self._name_of(sources))

    def show_case(self, case: str) -> None:
        """Fills the rows with the layers of an open case."""
        if self._task is not None:
            layers = [la for la in self._viewer.layers if case_of(la) == case]
            self._ticks[self._state.case] = self._state.present
            self._set_sources(find_layers(layers, self._task, case), case)
            for name in self._state.present - self._ticks.get(case, self._state.present):
                self.tick(name, False)

    def _name_of(self, sources: Mapping[str, Image | None]) -> str:
        """The name of a case whose layers have none: the previous name if there is no other."""
        return "" if any(layer is not None for layer in sources.values()) else self._state.case

    def tick(self, modality: str, present: bool) -> bool:
        """Ticks or unticks a row; returns False if that changes nothing."""
        if present and self._state.sources.get(modality) is None:
            return False
        before = self._state.present
        self._state.present = before | {modality} if present else before - {modality}
        self._dim_absent()
        return self._state.present != before

    def close(self) -> None:
        """Disconnects from the viewer and restores the opacity of dimmed layers."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.layers.events.begin_batch.disconnect(self._on_batch)
        self._viewer.layers.events.end_batch.disconnect(self._on_batch_end)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self._refresh_choices)
        if self._dims:
            dim_absent(self._state.sources, self._state.sources)

    def _on_inserted(self, event: Any) -> None:
        event.value.events.name.connect(self._refresh_choices)
        self._arrived.append(event.value)
        self._follow()

    def _on_removed(self, event: Any) -> None:
        event.value.events.name.disconnect(self._refresh_choices)
        self._follow()

    def _on_batch(self, *_: object) -> None:
        self._batches += 1

    def _on_batch_end(self, *_: object) -> None:
        self._batches = max(0, self._batches - 1)
        self._follow()

    def _follow(self) -> None:
        """Follows a change of layers; several at once, e.g. when all are removed, at their end."""
        if not self._batches:
            self._refresh_choices()
            self._catch_up()

    def _catch_up(self, *_: object) -> None:
        """Empties the rows of removed layers and assigns added layers."""
        if self._state.status.busy or self._task is None:
            return
        there = [la for la in self._state.sources.values() if la in self._viewer.layers]
        self._set_sources(
            {name: la if la in there else None for name, la in self._state.sources.items()},
            self._state.case,
        )
        arrived, self._arrived = self._arrived, []
        for layer in arrived:
            if layer in self._viewer.layers:
                self._take(layer, self._task)

    def _take(self, layer: Layer, task: Task) -> None:
        """Assigns a layer of the same case, or of none, to its empty row.

        A layer of another case resets the rows. Layers that are not inputs of the task, e.g. a
        picture beside volumes, are ignored.
        """
        if layer not in candidates([layer], task):
            return
        case = case_of(layer)
        ours = origin(layer).get("kind") == "modality"
        if ours and case != self._state.case:
            self._set_sources(find_layers([layer], task, case), case)
        else:
            old = self._state.sources
            if not any(old.values()):  # no layer is left of the named case
                self._state.case = case
            layers = find_layers([layer], task, self._state.case)
            self._set_sources({n: old[n] or la for n, la in layers.items()}, self._state.case)

    def _set_sources(self, sources: Mapping[str, Image | None], case: str) -> None:
        """Changes rows (only here): a newly assigned row is ticked, an empty one is unticked."""
        before = self._state.sources
        if sources == before and case == self._state.case:
            return
        for name, layer in before.items():
            if self._dims and layer is not None and layer is not sources.get(name):
                undim(layer)
        ticked = {
            name
            for name, layer in sources.items()
            if layer is not None and (layer is not before.get(name) or name in self._state.present)
        }
        self._state.case = case
        self._state.sources = dict(sources)
        self._state.present = frozenset(ticked)
        self._dim_absent()

    def _dim_absent(self) -> None:
        if self._dims:
            dim_absent(self._state.sources, self._state.present, display_settings().dimmed_opacity)

    def _refresh_choices(self, *_: object) -> None:
        if self._task is not None:
            # Cleared first, so that a renamed layer also triggers an update.
            self._state.choices = ()
            layers = candidates(self._viewer.layers, self._task)
            self._state.choices = tuple(reversed(layers))
            self._state.cases = OpenCases(self._viewer).names()
