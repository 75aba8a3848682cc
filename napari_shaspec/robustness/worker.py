"""Jobs of the panel *Robustness*: sweeps over all subsets, one model at a time, and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_shaspec.case.session_cache import SessionCache
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.jobs.importing import load_plotting
from napari_shaspec.layers import maps
from napari_shaspec.layers.maps import Map
from shaspec.analysis import disagreement, robustness
from shaspec.analysis.robustness import RowAdded
from shaspec.analysis.subset_table import DICE, TRUTH, SubsetRow, SubsetTable, measures_of
from shaspec.errors import InputError
from shaspec.inference.events import Notice, Progress
from shaspec.prediction import Prediction


@dataclass(frozen=True)
class MapReady:
    """Event: a map was computed."""

    map: Map


def sweep_models(
    kept: SessionCache, names: Mapping[str, str], parts: VolumeSources
) -> Iterator[Progress | Notice | RowAdded]:
    """Runs the sweep of each model in turn, releasing the features of one before the next.

    Args:
        kept: opens the sessions.
        names: model -> its name in the tables.
        parts: the volumes of the case.
    """
    load_plotting()  # for the figures of the table
    for model, name in names.items():
        try:
            run = kept.job(
                model, parts, lambda session: robustness.sweep(session, truth=session.case.labels)
            )
            for event in run:
                if isinstance(event, RowAdded):
                    yield RowAdded(replace(event.table, model=name))
                elif isinstance(event, Progress) and len(names) > 1:
                    yield replace(event, stage=f"{name}, {event.stage}")
                elif isinstance(event, Progress | Notice):
                    yield event
        finally:
            kept.forget()


def disagreement_of(table: SubsetTable, region: str) -> Map:
    """The map of the entropy over all subsets."""
    predictions = [row.prediction for row in table.rows]
    bits = disagreement.entropy(predictions, region)
    return maps.disagreement_map(bits, table.case, predictions[0].grid, region)


def smallest_of(table: SubsetTable, region: str) -> Map:
    """The map of the smallest subset that finds ``region``."""
    predictions = [row.prediction for row in table.rows]
    smallest = disagreement.smallest_subset(predictions, region)
    subsets = [row.subset for row in table.rows]
    return maps.smallest_map(smallest.number, subsets, table.case, predictions[0].grid, region)


def difference_of(
    here: Prediction, there: npt.NDArray[np.uint8], names: tuple[str, str], region: str
) -> Map:
    """The map of voxels that only ``here``, only ``there``, or both assign to ``region``.

    ``there`` has the grid of ``here``.
    """
    difference = disagreement.difference(here.labels, there, here.task, region, here.grid)
    return maps.difference_map(
        difference.map, difference.sizes, names, here.case, here.grid, region
    )


def difference_of_rows(
    here: SubsetRow, there: SubsetRow | None, sources: VolumeSources, model: str, region: str
) -> Map:
    """The difference between two rows, or between a row and the ground truth.

    Args:
        here: the shown row.
        there: the row to compare with; None: the ground truth.
        sources: the volumes of the case, with the ground truth.
        model: the model of ``there``, for the legend; empty if it is that of ``here``.
        region: the region to compare.

    Raises:
        InputError: there is no ground truth.
    """
    labels = there.prediction.labels if there else sources.case().labels
    if labels is None:
        raise InputError(
            "no ground truth: choose a layer under Compare with, and run the subsets again"
        )
    other = there.name if there else TRUTH
    names = (here.name, f"{other} ({model})" if model else other)
    return difference_of(here.prediction, labels, names, region)


def write_tables(path: Path, tables: Sequence[SubsetTable]) -> list[Path]:
    """Writes the rows as CSV, and the Shapley values of complete tables to a second file."""
    from shaspec.analysis import robustness_files

    paths = [robustness_files.write_rows(path, tables)]
    complete = [table for table in tables if table.complete]
    if complete:
        shapley_path = path.with_name(f"{path.stem}_shapley.csv")
        _, _, size = measures_of(complete[0].task.dims)
        paths.append(robustness_files.write_shapley(shapley_path, complete, [DICE, size]))
    return paths
