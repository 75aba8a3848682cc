"""The ways to look at a map of features: every one turns (C, S, P, L) into something to show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.colours import ColourBasis
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureMaps, Floats, Kind
from shaspec.prediction import Weights


class How(Enum):
    """A way to look at features."""

    COLOURS = "colours"
    """Principal components in red, green, blue; the same colour is the same feature."""
    ENERGY = "energy"
    """Length of the feature vector."""
    DISTANCE = "distance"
    """Distance to the mean over the modalities, in lengths of that mean."""
    CHANNEL = "channel"
    """One channel as it is."""


def views(maps: FeatureMaps, kind: Kind, how: How, channel: int = 0) -> dict[str, npt.NDArray[Any]]:
    """What is to be shown of ``kind``, by modality: float32 (S, P, L), or uint8 (S, P, L, 4).

    Outside the tissue everything is 0, and colours (RGBA) are transparent. Colours have one basis
    for the whole kind. Raises `InputError` for a kind or a channel that is not there.
    """
    found = of_kind(maps, kind)
    if how is How.COLOURS:
        basis = colour_basis(maps, kind)
        alpha = maps.inside[..., None].astype(np.uint8) * np.uint8(255)
        return {m: np.concatenate([basis.rgb(v), alpha], axis=-1) for m, v in found.items()}
    if how is How.ENERGY:
        shown = {m: energy(values) for m, values in found.items()}
    elif how is How.DISTANCE:
        shown = distance_to_mean(found)
    else:
        channels = len(next(iter(found.values())))
        if not 0 <= channel < channels:
            raise InputError(f"{kind} features have channels 0 to {channels - 1}, not {channel}")
        shown = {m: values[channel] for m, values in found.items()}
    return {m: values * maps.inside for m, values in shown.items()}


def of_kind(maps: FeatureMaps, kind: Kind) -> dict[str, Floats]:
    """The maps of one kind by modality; raises `InputError` naming those there are."""
    found = maps.of(kind)
    if not found:
        absent = " (every modality is present)" if kind == "imputed" else ""
        raise InputError(
            f"model {maps.model!r} has no {kind} features here{absent}: "
            f"there are {', '.join(maps.kinds)}"
        )
    return found


def colour_basis(maps: FeatureMaps, kind: Kind) -> ColourBasis:
    """The one basis of all modalities of a kind, fitted to the voxels inside.

    ``imputed`` has that of ``shared``, of which it is made: alike where they are alike.
    """
    where = "shared" if kind == "imputed" and maps.of("shared") else kind
    return ColourBasis.fit(maps.points(where, m) for m in of_kind(maps, where))


def energy(values: Floats) -> Floats:
    """Euclidean norm over the channels: (C, S, P, L) -> (S, P, L)."""
    return np.asarray(np.linalg.norm(values, axis=0), np.float32)


def distance_to_mean(found: Mapping[str, Floats]) -> dict[str, Floats]:
    """||z_m - mean|| / ||mean|| at every voxel; 0: all modalities have the same feature there."""
    mean = np.mean(list(found.values()), axis=0)
    return {m: _relative(values, mean) for m, values in found.items()}


def imputation_error(maps: FeatureMaps, against: Kind = "shared") -> dict[str, Floats]:
    """How far the stand-in of an absent modality is from the true feature, by modality.

    ||imputed - true|| / ||true|| (S, P, L), for what is absent from the subset but is there in the
    case: 0 is a perfect stand-in, 1 is no better than nothing at all. ``shared`` is what the
    stand-in can know; ``fused`` is what the decoder would get if the modality were there.
    """
    true = maps.of(against)
    return {
        m: _relative(values, true[m]) * maps.inside
        for m, values in maps.of("imputed").items()
        if m in true
    }


def mean_weights(maps: FeatureMaps) -> Weights:
    """How much each present modality counts in each output, mean over the head; of SimMLM alone."""
    means = {m: maps.points("weight", m).mean(axis=0).tolist() for m in maps.of("weight")}
    outputs: list[str] = maps.provenance["outputs"] if means else []
    return {name: {m: row[k] for m, row in means.items()} for k, name in enumerate(outputs)}


def _relative(values: Floats, reference: Floats) -> Floats:
    length = np.maximum(energy(reference), np.float32(1e-12))
    return np.asarray(energy(values - reference) / length, np.float32)
