"""What the engine knows: its models, their modalities, and the modality that a volume is.

The engine is imported when it is asked: the panel opens before it is installed. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ShaSpecLib.controller import Assigned, Volume


def models() -> Sequence[str]:
    """The bundled models that segment volumes; needs the engine, but not torch."""
    from shaspec.models.card import bundled_models, load_card

    tasks = {name: load_card(name).task for name in bundled_models()}
    return [n for n, task in tasks.items() if task.kind == "segmentation" and task.dims == 3]


def modalities(model: str) -> Sequence[str]:
    """The modalities of a model, from its card; raises `ValueError` if it cannot be read."""
    from shaspec.errors import ShaspecError
    from shaspec.models.card import load_card

    try:
        return load_card(model).task.names
    except ShaspecError as error:
        raise ValueError(str(error)) from error


@lru_cache(500)  # asked for after every change of the scene
def series_of(header: Path) -> Any:
    """The DICOM series of a file; None if it is none."""
    from shaspec.dicom import series_of as read

    return read(header)


def assign(volumes: Mapping[str, Volume], model: str, taken: Mapping[str, str]) -> Assigned:
    """The modalities of volumes, by their DICOM tags and names.

    Args:
        volumes: by node ID.
        model: a bundled model or a model folder.
        taken: modality -> node ID of the volume that it already has; empty: it is to have none.

    Returns:
        The volumes of other modalities, what to say about them, and what the user has to decide.
    """
    from shaspec.dicom import Held, assign_held
    from shaspec.models.card import load_card

    held = {
        node: Held(volume.name, series_of(volume.header) if volume.header else None)
        for node, volume in volumes.items()
    }
    assigned: Assigned = assign_held(held, load_card(model).task, taken)
    return assigned
