"""From a table of subsets to maps for the canvas: the engine counts, `layers.maps` dresses up.

Slow for a whole brain, so only ever called in a worker.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers import maps
from napari_shaspec.layers.maps import Map
from shaspec.analysis import disagreement
from shaspec.analysis.subset_table import SubsetTable
from shaspec.inference.prediction import Prediction


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
