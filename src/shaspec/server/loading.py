"""From a request to a case and a session: checked before anything is allocated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.models.card import Card
from shaspec.remote.packing import unpack
from shaspec.remote.wire import OpenRequest
from shaspec.server.refusals import RefusedError
from shaspec.server.volumes import Volumes
from shaspec.task import Task

if TYPE_CHECKING:
    from shaspec.inference.classification import ClassificationSession
    from shaspec.inference.session import InferenceSession
    from shaspec.models.weights import Model

NAME = "(uploaded)"
"""Name of every case on the server; its real name stays with the client."""


def check_request(request: OpenRequest, card: Card) -> int:
    """Check the shapes of a case against the task of a model.

    Args:
        request: what a client asks for.
        card: of the model.

    Returns:
        Bytes that the case takes in memory: its volumes, and two copies of them as float32.

    Raises:
        RefusedError: naming what does not fit.
    """
    task, grid = card.task, request.grid
    unknown = [name for name in request.volumes if name not in task.names]
    if unknown:
        raise RefusedError(
            422, f"model {card.name!r} has no modality {unknown[0]!r}, but {', '.join(task.names)}"
        )
    if not len(grid.shape) == len(grid.spacing) == len(grid.origin) == task.dims:
        raise RefusedError(422, f"model {card.name!r} works on grids of {task.dims} axes")
    _check_affine(request)
    if request.window and len(request.window) != task.dims:
        raise RefusedError(422, f"the window needs {task.dims} numbers")
    for name, volume in request.volumes.items():
        spatial = grid.shape if task.kind == "segmentation" else volume.shape[-task.dims :]
        if volume.shape != task.modality(name).array_shape(spatial):
            raise RefusedError(
                422, f"{name} has the shape {volume.shape}, which does not fit its grid"
            )
    whole = math.prod(grid.shape) * (1 + 4 * len(task.region_names))  # labels, sums of outputs
    volumes = request.volumes.values()
    return whole + sum(volume.nbytes + 8 * math.prod(volume.shape) for volume in volumes)


def _check_affine(request: OpenRequest) -> None:
    """Raise `RefusedError` if the position of the grid in the world is not that of any file."""
    grid = request.grid.grid()
    if grid.source_affine is None:
        return
    try:
        fits = Grid.from_affine(grid.source_affine, grid.file_shape).shape == grid.shape
    except InputError as error:
        raise RefusedError(422, f"the grid: {error}") from error
    if not fits:
        raise RefusedError(422, "the affine and the shape of the grid do not fit each other")


def case_of(request: OpenRequest, task: Task, volumes: Volumes) -> Case:
    """The case of a request that was checked; its volumes are there.

    Raises:
        InputError: if the bytes of a volume are not what the request says.
    """
    arrays = {name: unpack(v, volumes.read(v.sha256)) for name, v in request.volumes.items()}
    return Case(NAME, task, request.grid.grid(), arrays)


def session_of(
    model: Model, case: Case, request: OpenRequest, device: str, most_kept: int
) -> InferenceSession | ClassificationSession:
    """The session of a request.

    Args:
        model: the network.
        case: of the request.
        request: what was asked for.
        device: that of the server.
        most_kept: bytes of features that the session may keep.

    Raises:
        InputError: for an option that cannot be used.
    """
    from shaspec.inference.classification import ClassificationSession
    from shaspec.inference.session import InferenceSession

    keep = most_kept if request.keep is None else min(request.keep, most_kept)
    if model.card.task.kind == "classification":
        return ClassificationSession(
            model, case, device=device, keep=keep, precision=request.precision
        )
    return InferenceSession(
        model,
        case,
        device=device,
        window=request.window or None,
        overlap=request.overlap,
        keep=keep,
        precision=request.precision,
    )
