"""A result on the reference grid of a prepared case, brought back to the grid of every input."""

from __future__ import annotations

from collections.abc import Mapping

from shaspec.errors import InputError
from shaspec.geometry import Array, Grid
from shaspec.io.resample import resample
from shaspec.preparation.transforms import Transforms


def to_inputs(labels: Array, grid: Grid, transforms: Transforms) -> Mapping[str, Array]:
    """A label map on the own grid of every input of a prepared case, by nearest neighbour.

    Args:
        labels: (S, P, L) label map of the prepared case.
        grid: the grid of ``labels``.
        transforms: of the prepared case.

    Returns:
        Modality -> label map on ``transforms.grids[modality]``, in the type of ``labels``; 0 where
        ``grid`` does not reach.

    Raises:
        InputError: if no scan of the prepared case lies on ``grid``: the labels are of another one.
    """
    prepared = [transforms.grids[transforms.reference]]
    prepared += [own for n, own in transforms.grids.items() if transforms.unmoved(n)]
    if not any(own.matches(grid) for own in prepared):
        raise InputError(
            "the label map lies on another grid than the prepared case: it belongs to another case "
            "or was resampled; segment the prepared case and restore that result"
        )
    return {
        name: resample(
            labels, grid, own, order=0, fill=0,
            through=transforms.found[name].transform.inverse.matrix,
        )
        for name, own in transforms.grids.items()
    }  # fmt: skip
