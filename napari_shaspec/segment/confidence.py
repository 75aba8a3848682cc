"""Probabilities and thresholds of the results in the panel *Segment*. No Qt here.

A threshold changes the label map without the network: the probabilities of the last results are
kept, and a worker makes the labels from them. Of several moves of a slider the last one counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.layers.probabilities import remove_probabilities, show_probability
from napari_shaspec.layers.views import View
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.segment.worker import Made, threshold_job
from shaspec.analysis.size_interval import FACT, size_intervals
from shaspec.prediction import Prediction
from shaspec.thresholds import checked

if TYPE_CHECKING:
    from napari.components import ViewerModel

KEPT = 3
"""Results whose probabilities are kept: 107 MB each for a case of BraTS."""


@dataclass(eq=False)
class _Kept:
    made: Prediction
    """As the network made it, with probabilities."""
    current: Prediction
    """The same result in the table, with its thresholds."""


@dataclass(frozen=True)
class Actions:
    """What `Confidence` asks of the controller."""

    compute: Callable[[Prediction, bool], None]
    """Computes the probabilities of a result; if True, only where that takes a decoder run."""
    changed: Callable[[str], None]
    """A result has other labels; the name of a layer with edits that was kept, or empty."""
    failed: Callable[[Exception], None]
    """An error of the thresholds."""


class Confidence:
    """Keeps ``probability`` and ``thresholds`` of a `SegmentState`, and the probability layers."""

    def __init__(
        self,
        viewer: ViewerModel,
        state: SegmentState,
        results: Results,
        run: Runner,
        actions: Actions,
    ) -> None:
        self._viewer, self._state, self._results = viewer, state, results
        self._run, self._actions = run, actions
        self._kept: dict[str, _Kept] = {}  # by subset, the newest last
        self._running = self._again = False
        state.events.shown.connect(self._on_shown, max_args=0)
        state.events.results.connect(self._on_results, max_args=0)
        state.events.view.connect(self._draw, max_args=0)

    @property
    def wanted(self) -> bool:
        """Whether a run should keep the probabilities: a layer of them is shown."""
        return bool(self._state.probability)

    def show_probability(self, region: str) -> None:
        """Shows the layer of a region; empty: removes all of them."""
        self._state.probability = region
        if not region:
            remove_probabilities(self._viewer)
        elif not self._draw():
            self._compute(only_at_once=False)

    def set_threshold(self, region: str, value: float) -> None:
        """Lets the region of the shown result begin above another probability."""
        result = self._state.shown_map
        if result is None:
            return
        thresholds = {**self._state.thresholds, region: round(value, 2)}
        self._state.thresholds = checked(thresholds, result.task)
        self._apply()

    def keep(self, made: Prediction, current: Prediction) -> None:
        """Keeps the probabilities of a result.

        Args:
            made: as the network made it; ignored without probabilities.
            current: the result in the table, or the one that is about to be there.
        """
        if not made.probabilities:
            return
        subset = made.task.subset_name(made.subset)
        self._kept.pop(subset, None)
        self._kept[subset] = _Kept(made, current)
        if FACT in made.provenance:  # a result in the table stays the same, with one more fact
            current.provenance[FACT] = made.provenance[FACT]
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        self._draw()
        if self._state.shown_map is current:
            self._apply()
            self._state.intervals = size_intervals(current)

    def forget(self) -> None:
        """Frees the probabilities."""
        self.close()
        self._again = False
        task = self._state.task
        if task is not None and self._state.probability not in task.region_names:
            self._state.probability = ""
        remove_probabilities(self._viewer)

    def close(self) -> None:
        """Frees the probabilities; the layers stay."""
        self._kept.clear()

    def settle(self) -> None:
        """The sliders show the thresholds of the shown result, e.g. after a cancelled job."""
        if not self._running:
            self._follow()

    # -- thresholds ------------------------------------------------------------------------------

    def _apply(self) -> None:
        """Makes the labels of the shown result for the wanted thresholds."""
        result, kept = self._state.shown_map, self._of_shown()
        if result is None or self._state.thresholds == result.thresholds:
            return
        if kept is None:
            self._compute(only_at_once=False)
        elif self._running:
            self._again = True
        else:
            self._running, thresholds = True, dict(self._state.thresholds)
            handlers = Handlers(self._on_done, self._on_failed, self._on_ended)
            made = kept.made
            self._run(lambda: threshold_job(made, thresholds), handlers, threading.Event())

    def _on_done(self, done: Made) -> None:
        new = done.result
        kept = self._kept.get(new.task.subset_name(new.subset))
        if kept is None or kept.made is not done.made:  # another run has replaced it meanwhile
            return
        old, kept.current = kept.current, new
        edits = self._results.change(old, new, done.drawn)
        if edits is not None or not self._again:  # panes and surfaces take time
            self._actions.changed(edits.name if edits is not None else "")

    def _on_failed(self, error: Exception) -> None:
        self._again = False
        self.settle()
        self._actions.failed(error)

    def _on_ended(self) -> None:
        self._running = False
        again, self._again = self._again, False
        if again:
            self._apply()
        else:
            self.settle()

    # -- the shown result --------------------------------------------------------------------------

    def _follow(self) -> None:
        result = self._state.shown_map
        self._state.thresholds = {} if result is None else result.thresholds
        self._state.intervals = {} if result is None else size_intervals(result)

    def _on_shown(self) -> None:
        self._again = False
        self._follow()
        if self._state.shown_map is not None and self.wanted and not self._draw():
            remove_probabilities(self._viewer)
            self._compute(only_at_once=True)

    def _on_results(self) -> None:
        named = self._results.named()
        self._kept = {k: kept for k, kept in self._kept.items() if named.get(k) is kept.current}
        self.settle()
        if not self._draw():
            remove_probabilities(self._viewer)

    def _draw(self) -> bool:
        """Shows the probability layer of the shown result; False if its probabilities are gone."""
        kept, region = self._of_shown(), self._state.probability
        if kept is None:
            return False
        if region in kept.made.probabilities and self._state.view is View.STACK:
            show_probability(self._viewer, kept.made, region)
        return True

    def _compute(self, *, only_at_once: bool) -> None:
        result = self._state.shown_map
        if result is not None:
            self._actions.compute(result, only_at_once)

    def _of_shown(self) -> _Kept | None:
        """The probabilities of the shown result; None: they are not kept."""
        result = self._state.shown_map
        kept = self._kept.get(self._state.shown)
        return kept if kept is not None and kept.current is result else None
