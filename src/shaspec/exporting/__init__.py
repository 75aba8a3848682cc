"""Models in the formats of other programs: ONNX, a MONAI bundle, a Hugging Face repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.exporting.hugging_face import export_hugging_face
from shaspec.exporting.onnx_graphs import export_onnx

if TYPE_CHECKING:
    from shaspec.models.weights import Model

__all__ = ["FORMATS", "export_hugging_face", "export_model", "export_onnx"]

FORMATS: Mapping[str, Callable[[Model, Path], list[Path]]] = {
    "onnx": export_onnx,
    "hf": export_hugging_face,
}
"""Name of a format -> its writer."""


def export_model(model: Model, to: str, folder: Path) -> list[Path]:
    """Write a model in another format.

    Args:
        model: from `shaspec.load_model`.
        to: a key of `FORMATS`.
        folder: created if it is missing.

    Returns:
        The files written.

    Raises:
        InputError: for an unknown format, a model that the format cannot hold, a missing library,
            or a folder that cannot be written.
    """
    if to not in FORMATS:
        raise InputError(f"format {to!r} is not known: choose one of {', '.join(FORMATS)}")
    return FORMATS[to](model, folder)
