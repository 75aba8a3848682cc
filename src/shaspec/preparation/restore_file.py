"""Bring the label map of a file back to the grid of every input of its prepared case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.geometry import Array
from shaspec.io.naming import LABEL
from shaspec.io.probability_maps import probability_files
from shaspec.io.volumes import Volume, read_volume
from shaspec.preparation.restore import probabilities_to_inputs, to_inputs
from shaspec.preparation.transforms import Transforms
from shaspec.task import Task
from shaspec.task_parts import BACKGROUND


def restore_file(
    labels: Path, transforms: Transforms, task: Task | None = None
) -> Mapping[str, Array]:
    """Restore a label map.

    Args:
        labels: the file.
        transforms: of the prepared case.
        task: of the probabilities beside the label map, which are used then; default: nearest
            neighbour.

    Returns:
        Modality -> label map on ``transforms.grids[modality]``.

    Raises:
        InputError: as `to_inputs` and `probabilities_to_inputs`, with the name of the file; if a
            probability map is missing or lies on another grid.
    """
    volume = read_volume(labels)
    try:
        if task is None:
            return to_inputs(volume.array, volume.grid, transforms)
        maps = _maps(labels, volume, task)
        return probabilities_to_inputs(volume.array, maps, volume.grid, transforms, task)
    except InputError as error:
        if str(labels.parent) in str(error):  # names the file already
            raise
        raise InputError(f"{labels}: {error}") from error


def _maps(labels: Path, volume: Volume, task: Task) -> dict[str, Array]:
    """The probabilities beside a label map."""
    every = probability_files(labels, task, exclusive=True)
    exclusive = is_file(every[f"{LABEL} {BACKGROUND}"])
    files = probability_files(labels, task, exclusive=exclusive)
    maps = {}
    for key, path in files.items():
        if not is_file(path):
            raise InputError(
                f"{path}: is missing; write it with shaspec predict --probabilities, or restore "
                "the labels without --probabilities"
            )
        read = read_volume(path)
        if not read.grid.matches(volume.grid):
            raise InputError(f"{path}: lies on another grid than {labels.name}; predict again")
        maps[key] = read.array
    return maps
