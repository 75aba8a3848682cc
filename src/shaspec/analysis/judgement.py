"""Summarise the scores of a subset for each region, from the card of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    from shaspec.models.card import Card

Sizes = Mapping[Subset, Mapping[str, float]]
"""Subset of one case -> region -> size in the result."""


@dataclass(frozen=True)
class RegionScore:
    """Mean Dice of one region in the test cases of a model."""

    region: str
    """Name of the region."""
    here: float
    """From the subset in question."""
    full: float
    """From all modalities."""


@dataclass(frozen=True)
class SubsetScores:
    """Mean Dice of the regions from one subset, as the card has them."""

    where: str
    """How the scores were measured, in the words of the card, e.g. ``fold 0``; may be empty."""
    subset: Subset
    """The modalities that were used."""
    absent: Subset
    """The other modalities of the task."""
    regions: tuple[RegionScore, ...]
    """Smallest region first; those that the card has for this subset and for all modalities."""


def subset_scores(card: Card, subset: Sequence[str]) -> SubsetScores | None:
    """The scores of a card for one subset.

    Args:
        card: its scores are named ``<how they were measured>, <subset>``.
        subset: names of modalities.

    Returns:
        The scores of the first measurement that has this subset and all modalities; None if the
        card has none.

    Raises:
        InputError: for an unknown modality, or without any.
    """
    task = card.task
    asked = task.subset(subset)
    measured: dict[str, dict[Subset, Mapping[str, float]]] = {}
    for name, scores in card.scores.items():
        where, _, text = name.rpartition(", ")
        found = _subset_of(text, task)
        if found:
            measured.setdefault(where, {})[found] = scores
    for where, rows in measured.items():
        here, full = rows.get(asked), rows.get(task.names)
        if here is None or full is None:
            continue
        names = [name for name in task.reported_regions if name in here and name in full]
        if names:
            absent = tuple(name for name in task.names if name not in asked)
            found_scores = tuple(RegionScore(name, here[name], full[name]) for name in names)
            return SubsetScores(where, asked, absent, found_scores)
    return None


def judgement(card: Card, subset: Sequence[str], sizes: Sizes | None = None, unit: str = "") -> str:
    """One line on the region that the model loses most from the missing modalities.

    Every number is from the card, or from the results of this case.

    Args:
        card: of the model that made the result.
        subset: the modalities that were used.
        sizes: results of the same model on the same case from several subsets; adds the range of
            the size of the region. At least two are needed.
        unit: of ``sizes``, mL or px.

    Returns:
        A line with the region, its mean Dice without the absent modalities and with all of them,
        and the range of its size in this case. Empty if the card has no score of the subset.

    Raises:
        InputError: for an unknown modality, or without any.
    """
    scores = subset_scores(card, subset)
    if scores is None:
        return ""
    worst = max(scores.regions, key=lambda score: score.full - score.here)
    if scores.absent:
        without = f"without {_and(scores.absent)} {worst.here:.2f}, with all modalities"
    else:
        worst = min(scores.regions, key=lambda score: score.full)
        without = "with all modalities"
    where = f" ({scores.where})" if scores.where else ""
    text = f"{worst.region}: mean Dice of this model {without} {worst.full:.2f}{where}."
    return f"{text}{_range(sizes or {}, worst.region, unit)}"


def all_scores(scores: SubsetScores) -> list[str]:
    """A line per region, and how to read them.

    Args:
        scores: of one subset.

    Returns:
        E.g. ``ET: 0.25; with all modalities 0.58``, and a note on cases without the region.
    """
    lines = [
        f"{score.region}: {score.here:.2f}"
        + (f"; with all modalities {score.full:.2f}" if scores.absent else "")
        for score in scores.regions
    ]
    head = f"Mean Dice from {'+'.join(scores.subset)}, from the model card"
    note = "A test case without the region counts 1 if the model found none, else 0."
    return [f"{head} ({scores.where})" if scores.where else head, *lines, note]


def _range(sizes: Sizes, region: str, unit: str) -> str:
    found = [size[region] for size in sizes.values() if region in size]
    if len(found) < 2:
        return ""
    digits = 0 if unit == "px" else 1
    low, high = (f"{value:.{digits}f}" for value in (min(found), max(found)))
    return f" From {len(found)} subsets of this case: {low} to {high} {unit}.".replace(" .", ".")


def _subset_of(text: str, task: Task) -> Subset:
    """The subset that the name of a score ends with; empty for others, e.g. ``mean of 15``."""
    try:
        return task.parse_subset(text)
    except InputError:
        return ()


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
