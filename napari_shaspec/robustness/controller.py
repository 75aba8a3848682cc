"""Controller of the panel *Robustness*. No Qt here: a `ViewerModel` is enough.

A sweep segments the open case from every subset of its modalities, with one or several models, in
one job. The results are kept in the tables of the state; the features are released.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case import assignment
from napari_shaspec.case.controller import CaseController
from napari_shaspec.case.truth_layer import collect_with_truth
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.engine import Engine
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers import maps
from napari_shaspec.layers.maps import Map
from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.results import keep_edited_row
from napari_shaspec.robustness import worker
from napari_shaspec.robustness.model_choice import current_cards, first_with_regions, fitting_models
from napari_shaspec.robustness.state import RobustnessState, Shown
from napari_shaspec.robustness.worker import MapReady, sweep_models, write_tables
from napari_shaspec.settings import display_settings
from shaspec.analysis.robustness import RowAdded
from shaspec.analysis.subset_table import Measure, SubsetTable
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Notice, Progress
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from shaspec.models.card import Card


FigureOf = Callable[[Sequence[SubsetTable], Measure], Any]


class RobustnessController(CaseController[RobustnessState]):
    """Runs the jobs of the panel and updates its state."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        super().__init__(viewer, RobustnessState(), engine, run, dims=False)
        self._parts: VolumeSources | None = None  # the volumes of the tables
        self._before: tuple[SubsetTable, ...] = ()  # the tables to restore after a cancelled sweep
        self._by_hand = False  # the user chose the reference
        layers = viewer.layers.events
        layers.inserted.connect(self._refresh_truths, position="last")
        layers.removed.connect(self._refresh_truths, position="last")
        layers.removed.connect(self._on_removed, position="last")
        self.state.events.case.connect(self._on_case)
        self.state.events.sources.connect(self._hint)
        self._engine.ask()

    # -- choices -------------------------------------------------------------------------------

    def choose_models(self, chosen: Sequence[str]) -> bool:
        """Selects the models for the sweep; False, with a message, if one is a classifier.

        Models of another task than the newest choice are deselected.
        """
        if self.state.status.busy:
            return False
        try:
            fitting = fitting_models(chosen, self.state.chosen, self.state.card_of)
        except InputError as error:
            self._job.refuse(str(error))
            return False
        self.state.chosen = tuple(model for model in self.state.models if model in fitting)
        if self.state.task is not None:
            self._rows.set_task(self.state.task)
            self._refresh_truths()
        self._show_seen()
        self._hint()
        names = ", ".join(Path(model).name for model in chosen if model not in fitting)
        if names:
            self._job.say(f"{names}: deselected (another task than the last choice)")
        return True

    def add_model(self, folder: str | Path) -> bool:
        """Adds a model folder and selects it; False, with a message, if it is not a model."""
        model = str(folder)
        if self.state.status.busy:
            return False
        if model not in self.state.models:
            try:
                card: Card = self._engine.card(model)
            except ShaspecError as error:
                self._job.refuse(str(error))
                return False
            self._set_cards(self.state.card_of | {model: card})
        return self.choose_models([*self.state.chosen, model])

    def _on_known_models(self) -> None:
        before, chosen = self.state.card_of, self.state.chosen
        cards = current_cards(self._engine, before, chosen)
        if cards is None:  # a server has not answered yet
            return
        now, warning = cards
        self._set_cards(now)
        if warning:
            self._job.say(warning, "warning")
        elif not before and (first := first_with_regions(now)):
            self.choose_models([first])
        retrained = [m for m in chosen if now[m].sha256 != before[m].sha256]
        if retrained and not self.state.status.busy:
            self._forget_results()  # computed with the earlier weights

    def _set_cards(self, cards: dict[str, Card]) -> None:
        self.state.cards = tuple(cards.values())
        self.state.models = tuple(cards)

    def tick(self, modality: str, present: bool) -> None:
        """Includes ``modality`` in the subsets, or leaves it out."""
        if not self.state.status.busy:
            self._rows.tick(modality, present)

    def compare_with(self, truth: Labels | None) -> None:
        """Sets the reference: a ground truth layer, or None for the result of all modalities."""
        if not self.state.status.busy:
            self._by_hand = True
            self.state.truth = truth

    # -- sweeps ------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Starts the sweep over all subsets and selected models, or reports what is missing."""
        task = self.state.task
        if self.state.status.busy or self._closed:
            return
        try:
            if task is None:
                raise InputError("no model is selected: select one, or open a model folder")
            ticked = {n: la for n, la in self.state.sources.items() if n in self.state.present}
            parts = collect_with_truth(ticked, task, self.state.truth)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        if not parts.same_as(self._parts):
            self._forget_results()  # the volumes have changed
        self._parts = parts
        self._before = self.state.tables
        names = {model: self.state.name_of(model) for model in self.state.chosen}
        self._start_job(
            "segmenting from all subsets",
            lambda: sweep_models(self._kept, names, parts),
            self._on_swept,
        )

    def show_row(self, model: str, subset: Subset) -> None:
        """Shows the result of one row in the layer of the sweep."""
        row = self.state.row(shown := Shown(model, subset))
        if row is None:
            return
        kept, name = keep_edited_row(self.viewer), model if len(self.state.tables) > 1 else ""
        maps.show_row(self.viewer, row.prediction, name, display_settings().overlay_opacity)
        self.state.legend, self.state.shown = (), shown
        if kept is not None:
            self._job.say(f"Your edits are kept in layer {kept.name!r}.", "warning")

    # -- maps --------------------------------------------------------------------------------------

    def show_disagreement(self, region: str) -> None:
        """Adds a map of the entropy over all subsets, for the model of the shown row."""
        self._start_map("disagreement", lambda table: worker.disagreement_of(table, region))

    def show_smallest(self, region: str) -> None:
        """Adds a map of the smallest subset that finds ``region``."""
        self._start_map("smallest subset", lambda table: worker.smallest_of(table, region))

    def show_difference(self, region: str, other: Shown | None) -> None:
        """Adds a map of the difference between the shown row and ``other`` (None: ground truth)."""
        here, there = self.state.row(self.state.shown), self.state.row(other)
        parts, shown = self._parts, self.state.shown
        if here is None or shown is None or parts is None:
            self._job.refuse("select a row of the table first")
            return
        model = other.model if other is not None and other.model != shown.model else ""
        self._start_map(
            "difference", lambda _: worker.difference_of_rows(here, there, parts, model, region)
        )

    def save_tables(self, path: str | Path) -> list[Path]:
        """Writes the rows as CSV, and the Shapley values next to them if the table is complete."""
        return self._save(lambda: write_tables(Path(path), self.state.tables))

    def save_figure(self, path: str | Path, draw: FigureOf, measure: Measure) -> list[Path]:
        """Writes a figure of ``draw``: `heat_map_figure` or `contributions_figure`."""
        from shaspec.analysis.robustness_files import write_figure

        return self._save(lambda: [write_figure(Path(path), draw(self.state.tables, measure))])

    def _leave(self) -> None:
        events = self.viewer.layers.events
        for event in (events.inserted, events.removed):
            event.disconnect(self._refresh_truths)
        events.removed.disconnect(self._on_removed)

    # -- jobs ----------------------------------------------------------------------------------

    def _start_map(self, stage: str, compute: Callable[[SubsetTable], Map]) -> None:
        tables = {table.model: table for table in self.state.tables}
        if self.state.status.busy or not tables:
            return
        table = tables[self.state.shown.model] if self.state.shown else next(iter(tables.values()))

        # Computed in the worker, where the iterator is made.
        self._start_job(stage, lambda: iter([MapReady(compute(table))]), self._on_map)

    def _on_swept(self, event: Progress | Notice | RowAdded) -> None:
        if not isinstance(event, RowAdded):
            self._job.track(event)
            return
        tables = {t.model: t for t in self.state.tables} | {event.table.model: event.table}
        names = [self.state.name_of(model) for model in self.state.models]
        self.state.tables = tuple(tables[name] for name in names if name in tables)
        if event.table.seen_in_training:
            self.state.seen = self.state.seen | {event.table.model: "by content"}
        first = event.table.model == self.state.name_of(self.state.chosen[0])
        if len(event.table.rows) == 1 and (first or self.state.shown is None):
            self.show_row(event.table.model, event.table.rows[0].subset)
        last = self.state.name_of(self.state.chosen[-1])
        if event.table.complete and event.table.model == last:
            count = len(event.table.rows)
            self._job.succeed(f"{count} subsets compared with {event.table.reference}; click a row")

    def _on_map(self, event: MapReady) -> None:
        maps.show_map(self.viewer, event.map)
        self.state.legend = event.map.legend
        self._job.outcome = Status.DONE

    def _on_ended(self) -> None:
        """The worker has ended. An incomplete table is replaced by the last complete one."""
        outcome = self._job.outcome
        if outcome is not Status.DONE:
            complete = {table.model: table for table in self._before}
            self.state.tables = tuple(complete.get(t.model, t) for t in self.state.tables)
        self._before = self.state.tables
        if outcome is None:
            self._job.say("Cancelled. Finished rows are kept.")
            outcome = Status.DONE if self.state.tables else Status.IDLE
        self.state.status = outcome

    # -- changes of case and layers ----------------------------------------------------------------

    def _on_case(self, *_: object) -> None:
        """Clears the results and finds the ground truth of the new case."""
        self._by_hand = False
        self._forget_results()
        self._refresh_truths()
        self._show_seen()
        self.state.status = Status.IDLE

    def _forget_results(self) -> None:
        self.state.tables, self.state.shown, self.state.legend = (), None, ()
        self._before = ()

    def _refresh_truths(self, *_: object) -> None:
        task = self.state.task
        if task is None or self.state.status.busy:
            return
        self.state.truths = tuple(assignment.truths(self.viewer.layers, task, self.state.case))
        if not self._by_hand or self.state.truth not in (None, *self.state.truths):
            self.state.truth = self.state.own_truth

    def _on_removed(self, *_: object) -> None:
        if self.state.shown is not None and not list(of_kind(self.viewer, "swept")):
            self.state.shown = None

    def _show_seen(self) -> None:
        """Warns of training cases with the same name; a session also compares the voxels."""
        cards = self.state.card_of
        seen = {m: cards[m].seen_name(self.state.case) for m in self.state.chosen}
        self.state.seen = {self.state.name_of(model): how for model, how in seen.items() if how}

    def _save(self, write: Callable[[], list[Path]]) -> list[Path]:
        try:
            if not self.state.tables:
                raise InputError("no results to save: run the subsets first")
            written = write()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return []
        self._job.say(f"Saved {', '.join(str(path) for path in written)}.")
        return written

    def command(self) -> str | None:
        """The command line that reproduces the shown row; None, with a message, if none does."""
        row = self.state.row(self.state.shown)
        name, result = (row.name, row.prediction) if row else ("", None)
        return self._copied(name, result, "select a row of the table first")
