"""A walk of random steps at the panel *Many cases*."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from napari_shaspec.cohort.reading import read_labels
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import is_edited
from shaspec.cohort.review import Mark, mark_of, read_reviews
from tests.napari_shaspec.walk.engine import NAMES
from tests.napari_shaspec.walk.panel_walk import JOBS, PanelWalk
from tests.napari_shaspec.walk.viewer_steps import ViewerSteps, names_of

OUT = ("first", "second")
"""Folders of the results."""


class CohortWalk(PanelWalk):
    """A folder of cases: segmented, cancelled, reviewed, marked. The models are in the folders
    ``model_0`` and ``model_1`` beside that of the cases, ``cases``."""

    FIRST = (("open_folder", 1), ("finish", 0))

    def open_folder(self, n: int) -> None:
        self.control.open([self.folder / "cases"] if n % 5 else [self.folder / "no_such_folder"])

    def choose_out(self, n: int) -> None:
        self.control.choose_out(self.folder / OUT[n % 2])

    def model(self, n: int) -> None:
        self.control.choose_model(str(self.folder / f"model_{n % 2}"))

    def segment(self, _: int) -> None:
        self.control.segment()

    def review(self, n: int) -> None:
        rows = self.state.rows
        self.control.review(rows[n % len(rows)].name if rows else NAMES[0])

    def mark(self, n: int) -> None:
        self.control.mark(get_args(Mark)[n % 3])

    def paint(self, n: int) -> None:
        for layer in of_kind(self.viewer, "result"):
            layer.paint((5 + n % 9, 6 + n % 11, 8), (1, 2, 4)[n % 3])

    def lose_result(self, n: int) -> None:
        """Somebody removes a result from the folder."""
        done = [row for row in self.state.rows if row.record is not None]
        if done and n % 4 == 0:
            path = self.state.out / done[n % len(done)].record.outputs[0]
            path.unlink(missing_ok=True)

    # -- what must hold

    def _is_right(self) -> None:
        state = self.state
        names = [row.name for row in state.rows]
        assert state.chosen in ("", *names)
        assert set(state.pictures) <= set(names)
        for row in state.rows:
            assert (row.status == "done") == (row.record is not None), row
            assert not row.mark or row.record is not None
        if self._jobs.idle:
            assert all(row.status != "running" for row in state.rows)
            self._is_on_the_disk()
        for layer in of_kind(self.viewer, "result"):
            assert origin(layer)["case"].partition(" (")[0] in NAMES
            assert layer.name.startswith(("seg · ", "mine")), layer.name

    def _is_on_the_disk(self) -> None:
        """The marks and the label maps that are shown are those of the folder."""
        out, task = self.state.out, self.control._task
        if out is None or not out.is_dir():
            return
        reviews = read_reviews(out)
        for row in self.state.rows:
            if row.record is not None:
                assert row.mark == mark_of(row.record, reviews), row.name
        self._reviewed_is_as_read(out, task)

    def _reviewed_is_as_read(self, out: Any, task: Any) -> None:
        row = self.state.chosen_row
        path = out / row.record.outputs[0] if row is not None and row.record else None
        if path is None or not path.is_file() or "is open" not in self.state.message.text:
            return
        labels, _ = read_labels(path, task)
        for layer in of_kind(self.viewer, "result"):
            what = origin(layer)
            ours = what["case"] == self.control._layers and what["provenance"]["model"]
            if ours == row.record.model and not is_edited(layer):
                np.testing.assert_array_equal(layer.data, labels, layer.name)


OFTEN = ("segment", "segment", "finish", "finish", "work", "review", "review", "mark", "paint")
CohortWalk.ACTIONS = (*OFTEN, *JOBS, *names_of(CohortWalk, ViewerSteps))
