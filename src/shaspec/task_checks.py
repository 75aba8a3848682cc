"""Checks of a task against itself: names that differ, labels that exist, a kind that fits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from shaspec.task_parts import FULL

if TYPE_CHECKING:
    from shaspec.task import Task


def require_consistent(task: Task) -> None:
    """Raise ``ValueError`` if the parts of a task do not fit together."""
    values = {label.value for label in task.labels}
    _require_different(task.names, "modality name")
    _require_different(task.region_names, "region name")
    _require_different([str(label.value) for label in task.labels], "label value")
    if any(FULL in name for name in task.names):
        raise ValueError(f"a modality name must not contain {FULL!r}")
    if len(task.spacing) != task.dims:
        raise ValueError(f"spacing has {len(task.spacing)} numbers, dims is {task.dims}")
    if not task.modalities:
        raise ValueError("no modalities: add a [[modalities]] table for each")
    if bool(task.regions) != (task.kind == "segmentation"):
        raise ValueError("segmentation tasks need [[regions]], classification tasks have none")
    if task.kind == "segmentation" and 0 in values:
        raise ValueError("label 0 is the background: leave it out")
    hears = any(m.medium == "sound" for m in task.modalities)
    if hears and (task.kind, task.dims) != ("classification", 2):
        raise ValueError("medium = sound needs kind = classification and dims = 2")
    for region in task.regions:
        _require_known({*region.labels, region.paints}, values, f"region {region.name} uses")
    for scheme in task.schemes:
        codes = {*scheme.codes.values()} - {0, -1}
        _require_known(codes, values, f"scheme {scheme.name} maps to")


def _require_different(names: Sequence[str], what: str) -> None:
    if len({name.lower() for name in names}) != len(names):
        raise ValueError(f"two entries have the same {what}: {', '.join(names)}")


def _require_known(used: Collection[int], values: Collection[int], who: str) -> None:
    if unknown := set(used).difference(values):
        raise ValueError(f"{who} unknown labels {sorted(unknown)}")
