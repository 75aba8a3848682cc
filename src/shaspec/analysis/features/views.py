"""Views of feature maps: each converts (C, S, P, L) to an image."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.colours import ColourBasis
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureKind, FeatureMaps, Floats
from shaspec.prediction import Weights


class How(Enum):
    """A view of features."""

    COLOURS = "colours"
    """Principal components in red, green, blue; the same colour means the same feature."""
    ENERGY = "energy"
    """Euclidean norm of the feature vector."""
    DISTANCE = "distance"
    """Distance to the mean over the modalities, relative to the length of that mean."""
    CHANNEL = "channel"
    """A single channel."""


def views(
    maps: FeatureMaps, kind: FeatureKind, how: How, channel: int = 0
) -> dict[str, npt.NDArray[Any]]:
    """Images of ``kind`` by modality: float32 (S, P, L), or uint8 (S, P, L, 4) for colours.

    Outside the tissue values are 0 and colours (RGBA) transparent. All modalities share one colour
    basis. Raises `InputError` for a kind or a channel that does not exist.
    """
    features = of_kind(maps, kind)
    if how is How.COLOURS:
        basis = colour_basis(maps, kind)
        alpha = maps.inside[..., None].astype(np.uint8) * np.uint8(255)
        return {m: np.concatenate([basis.rgb(v), alpha], axis=-1) for m, v in features.items()}
    if how is How.ENERGY:
        shown = {m: energy(values) for m, values in features.items()}
    elif how is How.DISTANCE:
        shown = distance_to_mean(features)
    else:
        channels = len(next(iter(features.values())))
        if not 0 <= channel < channels:
            raise InputError(f"{kind} features have channels 0 to {channels - 1}, not {channel}")
        shown = {m: values[channel] for m, values in features.items()}
    return {m: values * maps.inside for m, values in shown.items()}


def of_kind(maps: FeatureMaps, kind: FeatureKind) -> dict[str, Floats]:
    """The maps of one kind by modality; raises `InputError` that lists the available kinds."""
    features = maps.of(kind)
    if not features:
        absent = " (every modality is present)" if kind == "imputed" else ""
        raise InputError(
            f"model {maps.model!r} has no {kind} features here{absent}: choose from "
            f"{', '.join(maps.kinds)}"
        )
    return features


def colour_basis(maps: FeatureMaps, kind: FeatureKind) -> ColourBasis:
    """The common colour basis of all modalities of a kind, fitted to the voxels inside.

    ``imputed`` uses the basis of ``shared``, so that both can be compared.
    """
    source = "shared" if kind == "imputed" and maps.of("shared") else kind
    return ColourBasis.fit(maps.points(source, m) for m in of_kind(maps, source))


def energy(values: Floats) -> Floats:
    """Euclidean norm over the channels: (C, S, P, L) -> (S, P, L)."""
    return np.asarray(np.linalg.norm(values, axis=0), np.float32)


def distance_to_mean(features: Mapping[str, Floats]) -> dict[str, Floats]:
    """||z_m - mean|| / ||mean|| per voxel; 0: all modalities have the same feature."""
    mean = np.mean(list(features.values()), axis=0)
    return {m: _relative(values, mean) for m, values in features.items()}


def imputation_error(maps: FeatureMaps, against: FeatureKind = "shared") -> dict[str, Floats]:
    """Relative error of the imputed features of the absent modalities, by modality.

    ||imputed - true|| / ||true|| (S, P, L), for modalities that the case has but the subset lacks.
    0 is a perfect imputation, 1 is as bad as a feature of zeros. The error to ``shared`` measures
    what imputation can recover; ``fused`` is what the decoder would receive if the modality were
    available.
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
