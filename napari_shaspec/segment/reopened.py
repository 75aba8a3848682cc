"""Results that were saved and are opened again: back into the table of the panel *Segment*.

A saved result is recognised by its name, ``<case>_<subset>_pred``, also with the name of a model or
``edited`` behind the subset, and by the grid of the open case. The file says neither which model
made it nor what was edited; a message names that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.layers.metadata import KEY, LayerMetadata, origin
from napari_shaspec.layers.results import checksum
from napari_shaspec.segment.edits import EditWatch
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import InputError
from shaspec.io.naming import RESULT, stem
from shaspec.io.origin import says_edited
from shaspec.prediction import Prediction
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

NOTICE = "opened from {}, which does not say which model made it and what was edited"


class Reopened:
    """Adds saved results of the open case to the table when their layers are inserted."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        results: Results,
        edits: EditWatch,
        job: JobControl,
    ) -> None:
        self._viewer, self._state, self._results, self._job = viewer, state, results, job
        self._edits = edits
        viewer.layers.events.inserted.connect(self._on_inserted)

    def close(self) -> None:
        """Stops listening."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)

    def _on_inserted(self, event: Any) -> None:
        result = self._result_of(event.value)
        if result is not None:
            self._edits.follow(event.value)
            self._results.adopt(result)
            self._job.say(f"{result.title}: {result.provenance['notices'][0]}", "warning")

    def _result_of(self, layer: Layer) -> Prediction | None:
        """The result in a layer, which is then marked as one; None: it is not a saved result of the
        open case, or the table has one of its subset."""
        task, entry = self._state.task, origin(layer)
        path, grid = entry.get("path"), entry.get("grid")
        if task is None or path is None or grid is None or "kind" in entry or "labels" not in entry:
            return None
        subset = saved_subset(stem(path.name), self._state.case, task)
        images = [la for la in self._state.sources.values() if la is not None]
        grids = [place for la in images if (place := origin(la).get("grid")) is not None]
        if not subset or not any(grid.matches(place) for place in grids):
            return None
        name = task.subset_name(subset)
        if name in self._results.named():
            return None
        labels: Labels = layer
        edited = {"edited": True} if says_edited(path) else {}
        facts = {"notices": [NOTICE.format(path.name)], **edited}
        result = Prediction(self._state.case, task, grid, subset, labels.data.copy(), facts)
        mark: LayerMetadata = {
            **entry,
            "kind": "result",
            "case": result.case,
            "subset": name,
            "provenance": facts,
            "title": result.title,
            "checksum": checksum(labels.data),
            "edits": [],
        }
        layer.metadata[KEY] = mark
        return result


def saved_subset(name: str, case: str, task: Task) -> Subset:
    """The subset in the name of a saved result of ``case``; empty: it is named otherwise."""
    start, end = f"{case}_", f"_{RESULT}"
    if not case or not (name.startswith(start) and name.endswith(end)):
        return ()
    words = name[len(start) : -len(end)].split("_")
    for count in range(len(words), 0, -1):  # FLAIR+T2_model_edited
        try:
            return task.parse_subset("_".join(words[:count]))
        except InputError:
            continue
    return ()
