"""The modality of volumes that another program holds: by their names, and their DICOM headers.

Of a volume that was read from DICOM the tags count as in an examination, and the name of the volume
is its description: it has the words of the series, or those that a user gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shaspec.dicom.roles import is_later, propose_series, weighting_of, with_agent
from shaspec.dicom.series import Series, read_studies
from shaspec.errors import InputError
from shaspec.io.context import in_context
from shaspec.io.naming import LABELS, Reading, read_name
from shaspec.task import Task


@dataclass(frozen=True)
class Held:
    """A volume."""

    name: str
    series: Series | None = None
    """Its DICOM series; None: it was not read from DICOM."""


@dataclass(frozen=True)
class Assigned:
    """The modalities that were found."""

    volumes: Mapping[str, str]
    """Modality -> key of its volume."""
    notices: Mapping[str, str]
    """Modality -> what a user should know about its volume; only where there is something."""
    doubts: tuple[str, ...]
    """What a user has to decide."""


@dataclass(frozen=True)
class _Claim:
    """What one volume may be."""

    role: str
    """A modality; empty: none, or a doubt."""
    reason: str
    """Why the role is only probable, or why there is a doubt; empty: it is certain."""
    candidates: tuple[str, ...] = ()
    """The modalities of a doubt."""


def series_of(file: Path) -> Series | None:
    """The series of one DICOM file, from its header.

    Args:
        file: any file of the series.

    Returns:
        The series with this file alone; None if it is not an image that the engine reads, or
        pydicom is not installed.
    """
    try:
        return read_studies([file])[0].series[0]
    except InputError:
        return None


def assign_held(
    volumes: Mapping[str, Held], task: Task, taken: Mapping[str, str] | None = None
) -> Assigned:
    """Assign volumes to the modalities of a task.

    Args:
        volumes: all of them, by a key of the caller.
        task: the modalities.
        taken: modality -> key of the volume that it already has; empty: it is to have none.

    Returns:
        What is certain or probable, each probable one with a notice. Doubtful volumes, and several
        of the same modality, are left to the user.
    """
    used = dict(taken or {})
    names = [held.name for held in volumes.values()]
    readings = in_context(names, [read_name(name, task) for name in names], task)
    claims = {
        key: _claim(held, reading, task)
        for (key, held), reading in zip(volumes.items(), readings, strict=True)
        if key not in used.values()
    }
    doubts: list[str] = []
    for role in [name for name in task.names if name not in used]:
        keys = [key for key, claim in claims.items() if claim.role == role]
        keys = [key for key in keys if not claims[key].reason] or keys
        if len(keys) > 1:
            listed = ", ".join(volumes[key].name for key in keys)
            doubts.append(f"{role}: {listed} fit; choose one of them")
        elif keys:
            used[role] = keys[0]
    claimed = {role: key for role, key in used.items() if key in claims}
    for role in list(claimed):
        if after := _acquired_after(role, used, volumes, task):
            name = volumes[claimed.pop(role)].name
            del used[role]
            doubts.append(f"{name} fits {role}, but {after}, so it may show contrast agent; choose")
    for key, claim in claims.items():
        if not {*claim.candidates} - {LABELS} <= set(used):
            choices = " or ".join(claim.candidates)
            doubts.append(f"{volumes[key].name} may be {choices} ({claim.reason}); choose")
    notices = {}
    for role, key in claimed.items():
        if reason := claims[key].reason or _unrecorded(role, used, volumes[key], task):
            notices[role] = f"{volumes[key].name} is used as {role}: {reason}"
    return Assigned(claimed, notices, tuple(doubts))


def _claim(held: Held, reading: Reading, task: Task) -> _Claim:
    """What a volume may be by its tags and its name, or by its name alone."""
    match = reading.match
    if held.series is None:
        if match is None:
            return _Claim("", reading.reason, reading.candidates)
        return _Claim(match.role, match.reason)
    proposal = propose_series(_named(held.series, held.name), task)
    if not proposal.role:
        return _Claim("", proposal.reason, proposal.candidates)
    by_name_alone = not weighting_of(held.series.first)[0]
    return _Claim(proposal.role, match.reason if match and by_name_alone else "")


def _named(series: Series, name: str) -> Series:
    """The series with another description."""
    first = replace(series.first, description=name)
    return replace(series, description=name, headers=(first, *series.headers[1:]))


def _acquired_after(
    role: str, used: Mapping[str, str], volumes: Mapping[str, Held], task: Task
) -> str:
    """Says that a volume was acquired after the one with contrast agent; empty: it was not."""
    other = _with_agent(role, volumes[used[role]], task)
    if other not in used or used[other] not in volumes:
        return ""
    series, after = volumes[used[role]].series, volumes[used[other]].series
    if series is None or after is None or not is_later(series, after):
        return ""
    return f"was acquired after {other}, {volumes[used[other]].name}"


def _unrecorded(role: str, used: Mapping[str, str], held: Held, task: Task) -> str:
    """Says that a volume may show contrast agent for all that its header tells."""
    other = _with_agent(role, held, task)
    if not other or other in used:
        return ""
    return f"no contrast agent is recorded; if there was one, choose it as {other}"


def _with_agent(role: str, held: Held, task: Task) -> str:
    """What a volume from DICOM is if it shows contrast agent; empty: it cannot be anything else."""
    return with_agent(_named(held.series, held.name), role, task) if held.series else ""
