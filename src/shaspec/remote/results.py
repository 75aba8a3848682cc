"""From what a server sends to the results of a local session.

The provenance gets what only the client knows: the name of the case, its files, and whether the
model saw it in training.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import InputError, ServerError
from shaspec.geometry import Grid
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.memory import free_memory
from shaspec.models.card import Card, Seen, bundled_models, load_card
from shaspec.prediction import Classification, Prediction
from shaspec.remote.wire import Done
from shaspec.task import Subset
from shaspec.task_parts import BACKGROUND

Array = npt.NDArray[Any]
Arrays = Mapping[tuple[str, ...], Array]
EXCHANGED = (
    "server {}: its model {!r} was exchanged while this case was open, so the result is of another "
    "model than the panel or the command says: run it again"
)
MOST_FEATURES = 2**34
"""Bytes of feature maps."""
STRANGE = "the server {} sends a result that does not fit the case: use the same version of shaspec"


def most_bytes(card: Card, case: Case, kind: str) -> int:
    """Bytes that the arrays of a result can take; feature maps: half of the free memory."""
    if kind != "predict":
        free = free_memory()
        return MOST_FEATURES if free is None else min(MOST_FEATURES, free // 2)
    voxels = int(np.prod(case.grid.shape))
    maps = 4 * (len(card.task.labels) + len(card.task.regions) + 2)
    return voxels * (1 + maps) + 2**16


def prediction(
    card: Card, case: Case, subset: Subset, arrays: Arrays, facts: dict[str, Any]
) -> Prediction | Classification:
    """The result of a run.

    Args:
        card: of the model.
        case: with the grid of the result.
        subset: the modalities that were used.
        arrays: what the server sent.
        facts: provenance.

    Raises:
        ServerError: if the arrays are not those of this case.
    """
    task, shape = card.task, case.grid.shape
    if task.kind == "classification":
        probabilities = _one(arrays, ("probabilities",), (len(task.labels),), np.float32, facts)
        _demand(bool(np.isfinite(probabilities).all()), facts)
        return Classification(case.name, task, subset, probabilities, facts)
    labels = _one(arrays, ("labels",), shape, np.uint8, facts)
    _demand(_only(labels, {0, *(label.value for label in task.labels)}), facts)
    names = {
        "probabilities": task.region_names,
        "label_probabilities": (BACKGROUND, *(label.name for label in task.labels)),
    }
    maps = (_maps(arrays, kind, shape, allowed, facts) for kind, allowed in names.items())
    return Prediction(case.name, task, case.grid, subset, labels, facts, *maps)


def feature_maps(
    card: Card, case: Case, subset: Subset, arrays: Arrays, done: Done, facts: dict[str, Any]
) -> FeatureMaps:
    """The feature maps of a run; arguments as of `prediction`, and its last event."""
    grid = _grid(done, facts)
    return FeatureMaps(
        case=case.name,
        model=card.name,
        task=card.task,
        present=subset,
        grid=grid,
        inside=_one(arrays, ("inside",), grid.shape, np.bool_, facts),
        maps=_features(arrays, "maps", grid.shape, card, facts),
        windows=_features(arrays, "windows", (), card, facts),
        provenance=facts,
    )


def is_of(card: Card, done: Done) -> bool:
    """Whether a result is of the model of a card: it says the same hash of the weights."""
    return str(done.provenance.get("sha256", "")) == card.sha256


def provenance(done: Done, case: Case, source: str, seen: Seen, server: str) -> dict[str, Any]:
    """The provenance of a result, with what the server does not know.

    Args:
        done: what the server says.
        case: with its name and its files.
        source: `source_of` the model.
        seen: whether the model saw it in training.
        server: address, without the token.
    """
    return {
        **done.provenance,
        "case": case.name,
        "source": source,
        "seen_in_training": seen == "by content",
        "same_name_in_training": seen == "by name",
        "server": server,
        **case.origin,
        "notices": list(case.notices),
    }


def source_of(card: Card) -> str:
    """The name of the same model on this machine, if it is a bundled one; else empty."""
    here = card.name in bundled_models() and load_card(card.name).sha256 == card.sha256
    return card.name if here else ""


def _only(labels: Array, known: Collection[int]) -> bool:
    """Whether a label map has no other values; some passes over bytes, no table for each voxel."""
    between = [value for value in range(max(known)) if value not in known]
    return int(labels.max()) <= max(known) and not any((labels == v).any() for v in between)


def _one(
    arrays: Arrays, name: tuple[str, ...], shape: tuple[int, ...], dtype: Any, facts: Any
) -> Array:
    array = arrays.get(name)
    _demand(array is not None and array.shape == shape and array.dtype == dtype, facts)
    assert array is not None
    return array


def _maps(
    arrays: Arrays, kind: str, shape: tuple[int, ...], names: Collection[str], facts: Any
) -> dict[str, Array]:
    """The maps of a kind by name, each on the grid and of one of the names."""
    arrays_of_kind = {key[1:]: array for key, array in arrays.items() if key[0] == kind}
    for key, array in arrays_of_kind.items():
        _demand(len(key) == 1 and key[0] in names, facts)
        _demand(array.shape == shape and array.dtype == np.float32, facts)
    return {key[0]: array for key, array in arrays_of_kind.items()}


def _features(
    arrays: Arrays, kind: str, shape: tuple[int, ...], card: Card, facts: Any
) -> dict[tuple[str, str], Array]:
    """Feature maps, (C, *shape) by kind and modality; of windows, (windows, C)."""
    arrays_of_kind = {key[1:]: array for key, array in arrays.items() if key[0] == kind}
    axes = 1 + len(shape) if shape else 2
    for key, array in arrays_of_kind.items():
        _demand(len(key) == 2 and key[1] in card.task.names, facts)
        _demand(array.ndim == axes and array.dtype == np.float32, facts)
        _demand(not shape or array.shape[1:] == shape, facts)
    return {(key[0], key[1]): array for key, array in arrays_of_kind.items()}


def _grid(done: Done, facts: Any) -> Grid:
    _demand(done.grid is not None, facts)
    assert done.grid is not None
    try:
        return done.grid.grid()
    except InputError as error:
        raise ServerError(STRANGE.format(facts.get("server"))) from error


def _demand(holds: bool, facts: Any) -> None:
    if not holds:
        raise ServerError(STRANGE.format(facts.get("server")))
