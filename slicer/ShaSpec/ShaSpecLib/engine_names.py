"""Names that the engine knows: its models, their modalities, and the modality that a name says.

The engine is imported when it is asked: the panel opens before it is installed. No torch.
"""

from __future__ import annotations

from collections.abc import Sequence


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


def recognise(name: str, model: str) -> str:
    """The modality that the name of a volume says, read as the engine reads file names."""
    from shaspec.io.naming import recognise as read
    from shaspec.models.card import load_card

    match = read(name, load_card(model).task) if model else None
    return match.role if match else ""
