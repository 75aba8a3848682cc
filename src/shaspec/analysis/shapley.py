"""Exact Shapley values of the modalities, and the gain of adding one modality.

A case is a cooperative game: the players are its modalities, and the value v(S) of a coalition S is
e.g. the Dice of the result from S. The Shapley value of a modality is its mean contribution over
all orders in which the modalities could be acquired (L. S. Shapley, A value for n-person games,
1953). With all 2^M subsets it is exact, without sampling:

    phi(m) = sum over S without m of |S|! (M - |S| - 1)! / M! * (v(S + m) - v(S))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from shaspec.analysis.subset_table import Measure, SubsetTable, subsets_of
from shaspec.errors import InputError
from shaspec.task import Subset


def shapley_values(players: Subset, value: Mapping[Subset, float]) -> dict[str, float]:
    """Shapley values of all players of the game ``value``.

    Args:
        players: the modalities.
        value: value of all 2^M coalitions including the empty one, in the order of ``players``.

    Returns:
        Player -> value; the values add up to v(all) - v(empty).

    Raises:
        InputError: a coalition is missing or has no finite value.
    """
    coalitions = [*subsets_of(players), ()]
    missing = [s for s in coalitions if not math.isfinite(value.get(s, math.nan))]
    if missing:
        names = ", ".join("+".join(s) or "the empty set" for s in missing)
        raise InputError(f"Shapley values need a finite value for every subset; missing: {names}")
    count = len(players)
    result = dict.fromkeys(players, 0.0)
    for coalition in coalitions:
        for player in coalition:
            others = tuple(p for p in coalition if p != player)
            weight = 1 / (count * math.comb(count - 1, len(others)))
            result[player] += weight * (value[coalition] - value[others])
    return result


def contributions(table: SubsetTable, measure: Measure) -> dict[str, dict[str, float]]:
    """Shapley value of every modality; the value of a subset is its ``measure``.

    The value of the empty subset is that of an empty prediction (`SubsetTable.empty`): a Dice of 0,
    or 1 for a region that is also empty in the reference; a size of 0. Source: L. S. Shapley, A
    value for n-person games, 1953; exact, over all 2^M subsets.

    Args:
        table: a complete table.
        measure: one of its measures.

    Returns:
        Region -> modality -> value in the unit of the measure; over the modalities they add up to
        the value of all modalities minus that of none.

    Raises:
        InputError: if a subset is missing or has no finite value.
    """
    return {
        region: shapley_values(table.modalities, table.values(measure, region))
        for region in table.regions
    }


def gains(table: SubsetTable, subset: Sequence[str], measure: Measure) -> dict[str, float]:
    """What each absent modality would add to a subset.

    Args:
        table: a table; modalities whose row is missing are left out.
        subset: the available modalities.
        measure: one of its measures.

    Returns:
        Modality -> mean gain over the regions, the best first; positive is better, also for
        measures of which low values are good. Empty for sizes, for a subset that is not in the
        table, and for the full set.
    """
    row = table.row(subset)
    if row is None or measure.best == "neither":
        return {}
    sign = 1 if measure.best == "high" else -1
    by_modality = {}
    for modality in table.modalities:
        larger = table.row((*subset, modality))
        if modality in subset or larger is None:
            continue
        before, after = row.values[measure.name], larger.values[measure.name]
        steps = [sign * (after[region] - before[region]) for region in table.regions]
        by_modality[modality] = sum(steps) / len(steps)
    return dict(sorted(by_modality.items(), key=lambda item: -item[1]))
