"""From what a server sends to the results of a local session.

The provenance gets what only the client knows: the name of the case, its files, and whether the
model saw it in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import ServerError
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.models.card import Card, Seen, bundled_models, load_card
from shaspec.prediction import Classification, Prediction
from shaspec.remote.wire import Done
from shaspec.task import Subset

Array = npt.NDArray[Any]
Arrays = Mapping[tuple[str, ...], Array]
STRANGE = "the server {} sends a result that does not fit the case: use the same version of shaspec"


def most_bytes(card: Card, case: Case, kind: str) -> int:
    """Bytes that the arrays of a result can take, generously."""
    voxels = int(np.prod(case.grid.shape))
    maps = 4 * (len(card.task.labels) + len(card.task.regions) + 2)
    return voxels * (1 + maps) + 2**16 if kind == "predict" else 2**34


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
    if card.task.kind == "classification":
        wanted = (len(card.task.labels),)
        found = _one(arrays, ("probabilities",), wanted, np.float32, facts)
        return Classification(case.name, card.task, subset, found, facts)
    shape = case.grid.shape
    labels = _one(arrays, ("labels",), shape, np.uint8, facts)
    maps = (_named(arrays, kind, shape) for kind in ("probabilities", "label_probabilities"))
    return Prediction(case.name, card.task, case.grid, subset, labels, facts, *maps)


def feature_maps(
    card: Card, case: Case, subset: Subset, arrays: Arrays, done: Done, facts: dict[str, Any]
) -> FeatureMaps:
    """The feature maps of a run; arguments as of `prediction`, and its last event."""
    if done.grid is None:
        raise ServerError(STRANGE.format(facts.get("server")))
    grid = done.grid.grid()
    return FeatureMaps(
        case=case.name,
        model=card.name,
        task=card.task,
        present=subset,
        grid=grid,
        inside=_one(arrays, ("inside",), grid.shape, np.bool_, facts),
        maps={(k[1], k[2]): v for k, v in arrays.items() if k[0] == "maps" and len(k) == 3},
        windows={(k[1], k[2]): v for k, v in arrays.items() if k[0] == "windows" and len(k) == 3},
        provenance=facts,
    )


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


def _one(
    arrays: Arrays, name: tuple[str, ...], shape: tuple[int, ...], dtype: Any, facts: Any
) -> Array:
    array = arrays.get(name)
    if array is None or array.shape != shape or array.dtype != dtype:
        raise ServerError(STRANGE.format(facts.get("server")))
    return array


def _named(arrays: Arrays, kind: str, shape: tuple[int, ...]) -> dict[str, Array]:
    return {
        k[1]: v
        for k, v in arrays.items()
        if k[0] == kind and len(k) == 2 and v.shape == shape and v.dtype == np.float32
    }
