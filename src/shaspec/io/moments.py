"""Pictures of several cameras, paired by the nearest time in their names.

Cameras that run side by side rarely take a picture at the very same moment, and name it after the
moment: ``rgb/1305031102.175304.png``, ``depth/1305031102.160407.png``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.io.case_files import CaseFiles, is_input
from shaspec.io.grouping import group_by_folder
from shaspec.io.naming import LABELS, recognise, stem
from shaspec.task import Task

CLOCK = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_.]?(\d{2})[-_.]?(\d{2})"
    r"[-_T .]?(\d{2})[-_:.h]?(\d{2})[-_:.m]?(\d{2})"
    r"(?:[.,](\d{1,9})|[-_](\d{3,9}))?(?!\d)"  # _1 is a number of the picture
)
EPOCH = re.compile(r"(?<!\d)(\d{10})(\d{3}|\d{6}|\d{9})?(?:[.,](\d{1,9}))?(?!\d)")
SECONDS = re.compile(r"(?<!\d)(\d{1,9})[.,](\d{2,9})(?!\d)")
NANO = 10**9
NEARLY = 1.5  # times the nearest distance: a second picture so near makes the pair doubtful
SHOWN = 4


@dataclass(frozen=True, order=True)
class Moment:
    """When a picture was taken."""

    nanoseconds: int
    clock: str
    """What the time is counted from: a date, the epoch, or the start of a recording."""


def moment(name: str) -> Moment | None:
    """The time in the name of a picture; None: there is none."""
    text = stem(name)
    if match := CLOCK.search(text):
        try:
            year, month, day, hours, minutes, seconds = map(int, match.groups()[:6])
            whole = datetime(year, month, day, hours, minutes, seconds).toordinal() * 86400
        except ValueError:  # no such day
            return None
        return Moment(
            (whole + hours * 3600 + minutes * 60 + seconds) * NANO + _part(match[7] or match[8]),
            "date",
        )
    if match := EPOCH.search(text):
        return Moment(int(match[1]) * NANO + _part(match[2] or match[3]), "epoch")
    if match := SECONDS.search(text):
        return Moment(int(match[1]) * NANO + _part(match[2]), "start")
    return None


def _part(digits: str | None) -> int:
    """The decimals of a second in nanoseconds."""
    return int((digits or "0").ljust(9, "0"))


def pair_by_time(
    folder: Path, inside: Iterable[Path], task: Task, within: float, *, with_labels: bool
) -> list[CaseFiles]:
    """A case for each picture of the first camera, with those of the others nearest in time.

    Args:
        folder: names the place in messages.
        inside: what is in it: a folder of pictures for each modality, or pictures of all.
        task: a task of pictures.
        within: the largest distance in seconds.
        with_labels: False: label files are left out.

    Returns:
        The cases in order of time; none if no name contains a modality. A modality without a
        picture near enough is missing, and a notice says so.

    Raises:
        InputError: for a picture without a time in its name, and for doubtful pairs.
    """
    listed = list(inside)
    groups = group_by_folder(listed, task) or _by_name(listed, task)
    roles = {role: groups[role] for role in (*task.names, LABELS) if groups.get(role)}
    if not with_labels:
        roles.pop(LABELS, None)
    if not roles or set(roles) == {LABELS}:
        return []
    times = {role: sorted((_time(p), p) for p in files) for role, files in roles.items()}
    clocks = {time.clock for several in times.values() for time, _ in several}
    if len(clocks) > 1:
        raise InputError(
            f"{folder}: the times in the names count from different starts "
            f"({', '.join(sorted(clocks))}), so pictures cannot be paired by them; pair them by "
            "name, without --pair-within"
        )
    first, *others = times
    pairs = {role: _nearest(times[first], times[role], within) for role in others}
    if doubts := [text for role in others for text in _doubts(pairs[role], first, role)]:
        more = "; ..." if len(doubts) > SHOWN else ""
        raise InputError(
            f"{folder}: pairs by time are doubtful ({'; '.join(doubts[:SHOWN])}{more}); give a "
            "smaller --pair-within, or pair the pictures by name"
        )
    return [
        _case(index, times[first][index], pairs, first, within)
        for index in range(len(times[first]))
    ]


@dataclass(frozen=True)
class _Pair:
    """A picture of the first camera and those of another that may belong to it."""

    picture: Path
    near: tuple[tuple[int, Path], ...]
    """(distance in ns, picture), the nearest first, all within the limit."""


def _time(path: Path) -> Moment:
    time = moment(path.name)
    if time is None:
        raise InputError(
            f"{path}: has no time in its name, by which --pair-within could pair it; rename it, or "
            "leave --pair-within out to pair pictures by name"
        )
    return time


def _nearest(
    first: Sequence[tuple[Moment, Path]], other: Sequence[tuple[Moment, Path]], within: float
) -> list[_Pair]:
    """For each picture of ``first`` those of ``other`` that are near enough."""
    limit = round(within * NANO)
    stamps = [time.nanoseconds for time, _ in other]
    pairs = []
    for time, picture in first:
        at = bisect_left(stamps, time.nanoseconds - limit)
        near = []
        while at < len(other) and stamps[at] <= time.nanoseconds + limit:
            near.append((abs(stamps[at] - time.nanoseconds), other[at][1]))
            at += 1
        pairs.append(_Pair(picture, tuple(sorted(near)[:2])))
    return pairs


def _doubts(pairs: Sequence[_Pair], first: str, role: str) -> Iterator[str]:
    """Pictures with two that are about as near, or that two pictures are nearest to."""
    taken: dict[Path, Path] = {}
    for pair in pairs:
        if len(pair.near) > 1 and pair.near[1][0] <= NEARLY * pair.near[0][0]:
            names = " or ".join(path.name for _, path in pair.near)
            yield f"{first} {pair.picture.name}: {role} {names}"
        elif pair.near:
            other = pair.near[0][1]
            if other in taken:
                yield f"{role} {other.name}: {first} {taken[other].name} or {pair.picture.name}"
            taken[other] = pair.picture


def _case(
    index: int,
    own: tuple[Moment, Path],
    pairs: Mapping[str, Sequence[_Pair]],
    first: str,
    within: float,
) -> CaseFiles:
    files, notices = {first: own[1]}, []
    for role, several in pairs.items():
        near = several[index].near
        if near:
            files[role] = near[0][1]
            notices.append(
                f"{role} ({near[0][1].name}) was paired by time, {near[0][0] / NANO:.3g} s apart"
            )
        else:
            notices.append(f"no {role} within {within:g} s of {own[1].name}")
    labels = files.pop(LABELS, None)
    return CaseFiles(stem(own[1].name), files, labels, notices=tuple(notices))


def _by_name(inside: Iterable[Path], task: Task) -> dict[str, list[Path]]:
    """Role -> pictures of one folder, by the words of their names."""
    by_name: dict[str, list[Path]] = {}
    for path in inside:
        match = recognise(path.name, task) if is_file(path) and is_input(path, task) else None
        if match is not None:
            by_name.setdefault(match.role, []).append(path)
    return by_name
