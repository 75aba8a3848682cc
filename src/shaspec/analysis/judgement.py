"""Summarise the scores of a subset for each region, from the card of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    from shaspec.models.card import Card

POOR = 0.5
"""A region with a lower mean Dice, as the line shows it, cannot be judged from a result."""
LOSS = 0.05
"""Mean Dice, as the line shows it, that a region must lose by missing modalities before the line
names them."""
DIGITS = 2
"""Decimals of a mean Dice in the line; the verdict follows from what a reader sees."""

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
        read_subset = _subset_of(text, task)
        if read_subset:
            measured.setdefault(where, {})[read_subset] = scores
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
    """One line: what cannot be judged from this result, and the numbers that say so.

    It is about the region that the model loses most by the missing modalities; if there are none,
    about the region with the lowest score. A region *cannot be judged* if its mean Dice is below
    `POOR`, and is *less reliable* if it loses at least `LOSS`. Every number is from the card, or
    from the results of this case.

    Args:
        card: of the model that made the result.
        subset: the modalities that were used.
        sizes: results of the same model on the same case from several subsets; adds the range of
            the size of the region. At least two are needed.
        unit: of ``sizes``, mL or px.

    Returns:
        The line, e.g.
        ``ET cannot be judged without T1ce: mean Dice of this model 0.18, with all modalities ...``,
        and the range of the sizes. Empty if the card has no score of the subset.

    Raises:
        InputError: for an unknown modality, or without any.
    """
    scores = subset_scores(card, subset)
    if scores is None:
        return ""
    where = f" ({scores.where})" if scores.where else ""
    if scores.absent:
        worst = max(scores.regions, key=lambda score: score.full - score.here)
        numbers = f"{_shown(worst.here)}, with all modalities {_shown(worst.full)}{where}"
    else:
        worst = min(scores.regions, key=lambda score: score.full)
        numbers = f"with all modalities {_shown(worst.full)}{where}"
    text = f"{_verdict(worst, scores.absent)}: mean Dice of this model {numbers}."
    return f"{text}{_range(sizes or {}, worst.region, unit)}"


def _shown(dice: float) -> str:
    """A mean Dice in the line."""
    return f"{dice:.{DIGITS}f}"


def _verdict(worst: RegionScore, absent: Subset) -> str:
    """What the shown score of a region means for a reader of the result."""
    region, without = worst.region, f"without {_and(absent)}" if absent else ""
    here, full = float(_shown(worst.here)), float(_shown(worst.full))
    if not absent:
        poor = full < POOR
        return f"{region} cannot be judged by this model" if poor else f"{region} is least reliable"
    if round(full - here, DIGITS) < LOSS:
        return f"No region loses much {without}; {region}"
    if here < POOR:
        return f"{region} cannot be judged {without}"
    return f"{region} is less reliable {without}"


def all_scores(scores: SubsetScores) -> list[str]:
    """A line per region, and how to read them.

    Args:
        scores: of one subset.

    Returns:
        E.g. ``ET: 0.25; with all modalities 0.58``, and a note on cases without the region.
    """
    lines = [
        f"{score.region}: {_shown(score.here)}"
        + (f"; with all modalities {_shown(score.full)}" if scores.absent else "")
        for score in scores.regions
    ]
    head = f"Mean Dice from {'+'.join(scores.subset)}, from the model card"
    note = "A test case without the region counts 1 if the model found none, else 0."
    return [f"{head} ({scores.where})" if scores.where else head, *lines, note]


def _range(sizes: Sizes, region: str, unit: str) -> str:
    volumes = [size[region] for size in sizes.values() if region in size]
    if len(volumes) < 2:
        return ""
    digits = 0 if unit == "px" else 1
    low, high = (f"{value:.{digits}f}" for value in (min(volumes), max(volumes)))
    return f" From {len(volumes)} subsets of this case: {low} to {high} {unit}.".replace(" .", ".")


def _subset_of(text: str, task: Task) -> Subset:
    """The subset that the name of a score ends with; empty for others, e.g. ``mean of 15``."""
    try:
        return task.parse_subset(text)
    except InputError:
        return ()


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
