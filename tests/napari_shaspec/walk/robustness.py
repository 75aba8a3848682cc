"""A walk of random steps at the panel *Robustness*."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import is_edited
from napari_shaspec.robustness.state import Shown
from tests.napari_shaspec.walk.engine import MODELS, labels_of
from tests.napari_shaspec.walk.panel_walk import CASES, JOBS, CasePanelWalk
from tests.napari_shaspec.walk.viewer_steps import ViewerSteps, names_of

REGIONS = ("ET", "TC", "WT")


class RobustnessWalk(CasePanelWalk):
    """Sweeps, rows and maps."""

    FIRST = (("open_case", 0), ("sweep", 0), ("finish", 0))

    def choose_models(self, n: int) -> None:
        self.control.choose_models(MODELS if n % 3 == 0 else [MODELS[n % 2]])

    def sweep(self, _: int) -> None:
        self.control.sweep()

    def show_row(self, n: int) -> None:
        row = self._row(n)
        if row is not None:
            self.control.show_row(*row)

    def paint(self, n: int) -> None:
        for layer in of_kind(self.viewer, "swept"):
            layer.paint((5 + n % 9, 6 + n % 11, 8), (1, 2, 4)[n % 3])

    def reference(self, n: int) -> None:
        choices = (None, *self.state.truths)
        self.control.compare_with(choices[n % len(choices)])

    def disagreement(self, n: int) -> None:
        self.control.show_disagreement(REGIONS[n % 3])

    def smallest(self, n: int) -> None:
        self.control.show_smallest(REGIONS[n % 3])

    def difference(self, n: int) -> None:
        self.control.show_difference(REGIONS[n % 3], self._row(n) if n % 4 else None)

    def save(self, n: int) -> None:
        written = self.control.save_tables(self.folder / f"sweep_{n % 3}.csv")
        assert all(path.is_file() for path in written)

    def copy(self, _: int) -> None:
        self.control.command()

    # -- what must hold

    def _is_right(self) -> None:
        state = self.state
        assert state.shown is None or state.row(state.shown) is not None
        assert state.truth in (None, *state.truths)
        assert not state.legend or state.tables
        for table in state.tables:
            assert table.case == state.case, f"a table of {table.case} beside {state.case}"
            for row in table.rows:
                expected = labels_of(table.case, table.model, row.subset)
                np.testing.assert_array_equal(row.prediction.labels, expected)
        swept = list(of_kind(self.viewer, "swept"))
        assert len(swept) <= 1
        for layer in swept:
            self._is_what_it_says(layer)

    def _is_what_it_says(self, layer: Any) -> None:
        what = origin(layer)
        assert layer.name.startswith((f"sweep · {what['subset']}", "mine")), layer.name
        if not is_edited(layer):
            model = what["provenance"]["model"]
            expected = labels_of(what["case"], model, what["subset"].split("+"))
            np.testing.assert_array_equal(layer.data, expected, err_msg=layer.name)

    def _row(self, n: int) -> Shown | None:
        rows = [Shown(t.model, row.subset) for t in self.state.tables for row in t.rows]
        return rows[n % len(rows)] if rows else None


OFTEN = ("sweep", "sweep", "finish", "work", "show_row", "show_row", "paint", "tick")
RobustnessWalk.ACTIONS = (*OFTEN, *JOBS, *CASES, *names_of(RobustnessWalk, ViewerSteps))
