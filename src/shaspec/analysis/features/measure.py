"""Measures of how well shared and specific features are separated, with a conclusion in words.

A number alone says little: the features of any network, even an untrained one, separate modalities
to some degree. Each measure therefore has two controls: the same network with random weights, and
the same features with modalities randomly permuted per voxel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from shaspec.analysis.features.cka import linear_cka
from shaspec.analysis.features.probe import halves, probe_accuracy
from shaspec.errors import InputError
from shaspec.inference.feature_maps import FeatureMaps, Floats

MOST = 3000  # voxels per modality: enough for a linear probe, which then takes seconds
Points = Mapping[tuple[str, str], Floats]
"""(n, C) by kind and modality: the same n voxels (windows for ``domain``) for all of a kind."""


@dataclass(frozen=True)
class Measure:
    """One measure and its two controls."""

    name: str
    meaning: str
    value: float
    untrained: float
    shuffled: float


@dataclass(frozen=True)
class Measures:
    """The measures of one case."""

    case: str
    model: str
    modalities: tuple[str, ...]
    rows: tuple[Measure, ...]

    def __getitem__(self, name: str) -> Measure:
        return next(row for row in self.rows if row.name == name)

    @property
    def sentence(self) -> str:
        """The conclusion in words."""
        return in_words(self)


def measure(maps: FeatureMaps, control: FeatureMaps, seed: int = 0) -> Measures:
    """Computes all measures.

    Args:
        maps: features of a ShaSpec model.
        control: features of an untrained network on the same case.
        seed: of the random choices.

    Raises:
        InputError: the case has only one modality, or the model has no shared features.
    """
    if not maps.of("shared"):
        raise InputError(
            f"model {maps.model!r} has no shared and specific features to compare: choose a "
            "ShaSpec model"
        )
    modalities = tuple(maps.of("shared"))
    if len(modalities) < 2:
        raise InputError(
            f"case {maps.case} has only {modalities[0]}: at least two modalities are needed to "
            "compare features"
        )
    rng = np.random.default_rng(seed)
    count = int(maps.inside.sum())
    chosen = np.sort(rng.choice(count, min(MOST, count), replace=False))
    side = halves(maps.inside)[chosen]
    own = _points(maps, chosen)
    others = _points(control, chosen)
    shuffled = deal(own, rng)
    rows = [
        Measure(name, meaning, *(number(points, side) for points in (own, others, shuffled)))
        for name, meaning, number in MEASURES
    ]
    return Measures(maps.case, maps.model, modalities, tuple(rows))


def deal(points: Points, rng: np.random.Generator) -> dict[tuple[str, str], Floats]:
    """The same features with modalities randomly permuted per voxel.

    There are few windows, so each window is assigned to every modality: the mean over all
    permutations.
    """
    out: dict[tuple[str, str], Floats] = {}
    for kind in dict.fromkeys(kind for kind, _ in points):
        names = [m for k, m in points if k == kind]
        stack = np.stack([points[kind, m] for m in names])
        if kind == "domain":
            out |= dict.fromkeys(((kind, m) for m in names), np.concatenate(stack))
            continue
        order = rng.permuted(np.indices(stack.shape[:2])[0], axis=0)
        mixed = np.take_along_axis(stack, order[..., None], axis=0)
        out |= {(kind, m): mixed[k] for k, m in enumerate(names)}
    return out


# -- the measures -------------------------------------------------------------------------------

Number = Callable[[Points, npt.NDArray[np.bool_]], float]


def _of(points: Points, kind: str) -> list[Floats]:
    return [values for (k, _), values in points.items() if k == kind]


def cka_between(kind: str) -> Number:
    """Mean CKA of ``kind`` over the pairs of modalities."""

    def number(points: Points, _side: npt.NDArray[np.bool_]) -> float:
        pairs = combinations(_of(points, kind), 2)
        return float(np.mean([linear_cka(x, y) for x, y in pairs]))

    return number


def cka_shared_specific(points: Points, _side: npt.NDArray[np.bool_]) -> float:
    """Mean CKA of shared and specific features of the same modality."""
    pairs = zip(_of(points, "shared"), _of(points, "specific"), strict=True)
    return float(np.mean([linear_cka(x, y) for x, y in pairs]))


def probe(kind: str) -> Number:
    """Accuracy of the linear probe on ``kind``."""
    return lambda points, side: probe_accuracy(_of(points, kind), side)


def domain_confidence(points: Points, _side: npt.NDArray[np.bool_]) -> float:
    """Mean probability that the network's domain classifier assigns to the correct modality."""
    right = []
    for k, logits in enumerate(_of(points, "domain")):
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        right.append((odds / odds.sum(axis=1, keepdims=True))[:, k])
    return float(np.mean(right))


MEASURES: tuple[tuple[str, str, Number], ...] = (
    (
        "probe shared",
        "share of held-out voxels whose modality a linear probe predicts from the shared feature",
        probe("shared"),
    ),
    (
        "probe specific",
        "share of held-out voxels whose modality a linear probe predicts from the specific feature",
        probe("specific"),
    ),
    (
        "CKA shared and shared",
        "similarity of the shared features of two modalities, mean over the pairs",
        cka_between("shared"),
    ),
    (
        "CKA specific and specific",
        "similarity of the specific features of two modalities, mean over the pairs",
        cka_between("specific"),
    ),
    (
        "CKA shared and specific",
        "similarity of shared and specific features of a modality, mean over the modalities",
        cka_shared_specific,
    ),
    (
        "domain classifier",
        "probability that the network's domain classifier assigns to the correct modality",
        domain_confidence,
    ),
)


def _points(maps: FeatureMaps, chosen: npt.NDArray[np.intp]) -> Points:
    names = maps.of("shared")
    points = {
        (kind, m): maps.points(kind, m)[chosen] for kind in ("shared", "specific") for m in names
    }
    return points | {("domain", m): _columns(maps, m) for m in names}


def _columns(maps: FeatureMaps, modality: str) -> Floats:
    """Logits (windows, modalities) of the domain classifier, for the modalities of the case."""
    columns = [maps.task.names.index(m) for m in maps.of("shared")]
    return maps.windows["domain", modality][:, columns]


# -- in words -----------------------------------------------------------------------------------


def in_words(found: Measures) -> str:
    """The conclusion from the measures in two sentences."""
    shared, specific = found["probe shared"], found["probe specific"]
    chance = 1 / len(found.modalities)
    own, cross = found["CKA shared and shared"], found["CKA shared and specific"]
    shared_separable = {
        True: "the shared features still identify the modality",
        False: "the shared features hardly identify the modality",
    }[above_chance(shared.value, chance) > 0.25]
    less = above_chance(shared.value, chance) < above_chance(shared.untrained, chance) - 0.1
    trained = " (training has reduced this)" if less else ""
    able = "do" if above_chance(specific.value, chance) > 0.75 else "do not do so reliably"
    similar = "more" if own.value > cross.value else "less"
    return (
        f"A linear probe predicts the modality of {_percent(shared.value)} of held-out voxels from "
        f"the shared feature (untrained network {_percent(shared.untrained)}, chance "
        f"{_percent(chance)}) and of {_percent(specific.value)} from the specific feature: "
        f"{shared_separable}{trained}, the specific features {able}. "
        f"Shared features of two modalities are {similar} similar (CKA {own.value:.2f}, untrained "
        f"{own.untrained:.2f}) than shared and specific features of one modality (CKA "
        f"{cross.value:.2f}, untrained {cross.untrained:.2f})."
    )


def above_chance(accuracy: float, chance: float) -> float:
    """Accuracy rescaled to 0 at chance and 1 at perfect accuracy."""
    return (accuracy - chance) / (1 - chance)


def _percent(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"
