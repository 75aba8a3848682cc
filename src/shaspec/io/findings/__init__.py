"""Checks of the content of a case before it is used.

Each check is one function that changes nothing and ignores file names. The `CHECKS` receive the
volumes as stored, the `CASE_CHECKS` the whole case on one coarse grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.findings.anatomy import assumed_size, axes, size, skull, unit
from shaspec.io.findings.coarse import Coarse
from shaspec.io.findings.contrast import contrast
from shaspec.io.findings.extent import cut, noise
from shaspec.io.findings.hounsfield import hounsfield
from shaspec.io.findings.mirrored import mirrored
from shaspec.io.findings.registration import apart, register
from shaspec.io.findings.scan import Array, Finding, Scan
from shaspec.io.findings.truth import stray
from shaspec.io.findings.values import masks, sizes, twins
from shaspec.task import Task

__all__ = [
    "CASE_CHECKS",
    "CHECKS",
    "Coarse",
    "Finding",
    "Scan",
    "case_findings",
    "doubts",
    "findings",
    "size_findings",
    "stray",
    "told",
]

CHECKS: tuple[Callable[[Sequence[Scan]], Iterator[Finding]], ...] = (
    masks,
    twins,
    hounsfield,
    sizes,
)
CASE_CHECKS: tuple[Callable[[Coarse], Iterator[Finding]], ...] = (
    unit,
    noise,
    apart,
    skull,
    size,
    axes,
    mirrored,
    register,
    contrast,
    cut,
)


def findings(scans: Sequence[Scan]) -> tuple[Finding, ...]:
    """All findings in the volumes as stored, in the order of `CHECKS`."""
    return tuple(finding for check in CHECKS for finding in check(scans))


def case_findings(volumes: Mapping[str, Array], grid: Grid, task: Task) -> tuple[Finding, ...]:
    """The findings in a case on one grid.

    Args:
        volumes: modality -> array on ``grid``.
        grid: the grid of the volumes; pictures are not checked.
        task: defines the expected anatomy; without a task, only units are checked.

    Returns:
        The findings of the first check that has any, since later checks depend on earlier ones.
    """
    if task.dims != 3 or task.kind != "segmentation":
        return ()
    case = Coarse.of(volumes, grid, task)
    for check in CASE_CHECKS:
        findings = tuple(check(case))
        if findings:
            return findings
    return ()


def size_findings(volumes: Mapping[str, Array], grid: Grid, task: Task) -> tuple[Finding, ...]:
    """The finding in volumes without a voxel size, for which ``grid`` has an assumed one.

    Args:
        volumes: modality -> array on ``grid``.
        grid: has the assumed voxel size.
        task: defines the expected anatomy.
    """
    if task.dims != 3 or task.kind != "segmentation":
        return ()
    return tuple(assumed_size(Coarse.of(volumes, grid, task)))


def told(found: Iterable[Finding]) -> list[str]:
    """Findings as sentences; raises `InputError` for the first that refuses the case."""
    found = list(found)
    for finding in found:
        if finding.level == "refuse":
            raise InputError(finding.sentence)
    return [finding.sentence for finding in found]


def doubts(found: Iterable[Finding]) -> list[str]:
    """The findings that question the roles of the files, as sentences."""
    return [finding.sentence for finding in found if finding.of_roles]
