"""What can find the brain in a scan: the bundled network, or HD-BET where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shaspec.errors import InputError
from shaspec.stripping import hd_bet
from shaspec.stripping.brain import Segment
from shaspec.stripping.scaling import VOXEL_MM

OWN = "shaspec"
ENGINES: Mapping[str, str] = MappingProxyType(
    {OWN: "the bundled network", hd_bet.NAME: "HD-BET, one model"}
)
"""Value of ``--skull-engine`` -> what it is."""


@dataclass(frozen=True, eq=False)
class Engine:
    """Finds the brain in one scan."""

    name: str
    """A key of `ENGINES`."""
    segment: Segment
    voxel_mm: float
    """Voxel size of the scans that ``segment`` is given."""
    sharp: bool = False
    """Whether the surface that it finds is taken as it is, see `shaspec.stripping.dark`."""


def installed() -> tuple[str, ...]:
    """The engines that can be used; nothing is imported or downloaded to find out."""
    return tuple(name for name in ENGINES if name != hd_bet.NAME or hd_bet.model_file() is not None)


def checked_engine(name: str) -> str:
    """A value of ``--skull-engine``.

    Args:
        name: e.g. ``shaspec``.

    Returns:
        ``name``.

    Raises:
        InputError: if there is no such engine, or it is not installed.
    """
    if name not in ENGINES:
        raise InputError(f"--skull-engine {name}: choose {' or '.join(ENGINES)}")
    if name not in installed():
        raise InputError(f"--skull-engine {name}: {hd_bet.MISSING}")
    return name


def load_engine(name: str) -> Engine:
    """Load the network of an engine.

    Args:
        name: as for `checked_engine`.

    Returns:
        The engine.

    Raises:
        InputError: as for `checked_engine`.
        WeightsError: if its weights are missing or cannot be used.
    """
    if checked_engine(name) == hd_bet.NAME:
        return Engine(name, hd_bet.segment_with_hd_bet(), hd_bet.VOXEL_MM, sharp=True)
    # Not before: most cases need no torch here.
    from shaspec.stripping.segment import segment_with
    from shaspec.stripping.weights import load_stripper

    return Engine(name, segment_with(load_stripper()), VOXEL_MM)
