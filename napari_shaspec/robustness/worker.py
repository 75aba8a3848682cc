"""The jobs of the panel *Robustness*: all subsets of a case, model after model, and maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_shaspec.case.session_cache import SessionCache
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.layers import maps
from napari_shaspec.layers.maps import Map
from shaspec.analysis import disagreement, robustness, robustness_files
from shaspec.analysis.robustness import RowAdded
from shaspec.analysis.subset_table import DICE, TRUTH, SubsetRow, SubsetTable, measures_of
from shaspec.errors import InputError
from shaspec.inference.events import Notice, Progress
from shaspec.prediction import Prediction


@dataclass(frozen=True)
class MapReady:
    """The event of a job that has computed a map."""

    map: Map


def sweep_models(
    kept: SessionCache, names: Mapping[str, str], parts: VolumeSources
) -> Iterator[Progress | Notice | RowAdded]:
    """Rows of the models ``{model: name in the tables}``; only one at a time holds features."""
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
    """Entropy over all subsets."""
    made = [row.prediction for row in table.rows]
    bits = disagreement.entropy(made, region)
    return maps.disagreement_map(bits, table.case, made[0].grid, region)


def smallest_of(table: SubsetTable, region: str) -> Map:
    """The smallest subset that finds ``region``."""
    made = [row.prediction for row in table.rows]
    found = disagreement.smallest_subset(made, region)
    subsets = [row.subset for row in table.rows]
    return maps.smallest_map(found.number, subsets, table.case, made[0].grid, region)


def difference_of(
    here: Prediction, there: npt.NDArray[np.uint8], names: tuple[str, str], region: str
) -> Map:
    """What only ``here``, only ``there`` (labels on the same grid) and both have of ``region``."""
    found = disagreement.difference(here.labels, there, here.task, region, here.grid)
    return maps.difference_map(found.map, found.sizes, names, here.case, here.grid, region)


def difference_of_rows(
    here: SubsetRow, there: SubsetRow | None, sources: VolumeSources, model: str, region: str
) -> Map:
    """The difference between two rows; without the second, to the ground truth.

    Args:
        here: the row that is shown.
        there: the row to compare with.
        sources: what the case is made of; holds the ground truth.
        model: of ``there``, if it is another one than that of ``here``: names it in the legend.
        region: the region to compare.
    """
    labels = there.prediction.labels if there else sources.case().labels
    if labels is None:
        raise InputError("there was no ground truth when the subsets were run")
    other = there.name if there else TRUTH
    names = (here.name, f"{other} ({model})" if model else other)
    return difference_of(here.prediction, labels, names, region)


def write_tables(path: Path, tables: Sequence[SubsetTable]) -> list[Path]:
    """Writes the rows as CSV and, where all subsets are there, the Shapley values beside them."""
    paths = [robustness_files.write_rows(path, tables)]
    whole = [table for table in tables if table.complete]
    if whole:
        beside = path.with_name(f"{path.stem}_shapley.csv")
        _, _, size = measures_of(whole[0].task.dims)
        paths.append(robustness_files.write_shapley(beside, whole, [DICE, size]))
    return paths
