"""Models in the formats of other programs: ONNX, a MONAI bundle, a Hugging Face repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.exporting.hugging_face import export_hugging_face
from shaspec.exporting.monai_bundle import export_monai_bundle
from shaspec.exporting.onnx_graphs import export_onnx

if TYPE_CHECKING:
    from shaspec.models.weights import Model

__all__ = [
    "FORMATS",
    "Format",
    "export_hugging_face",
    "export_model",
    "export_monai_bundle",
    "export_onnx",
]


@dataclass(frozen=True)
class Format:
    """A format of another program."""

    write: Callable[[Model, Path], list[Path]]
    """Writes a model into a folder and returns the files."""
    lost: str
    """What the files do not have of this program, for users; empty: nothing is lost."""


FORMATS: Mapping[str, Format] = {
    "onnx": Format(
        export_onnx,
        "Not in the graphs: reading, resampling, normalisation, windows, and the fusion of regions "
        "to labels. README.md says how to do them.",
    ),
    "monai-bundle": Format(
        export_monai_bundle,
        "The bundle runs this package (pip install shaspec). Not in it: kept features, findings "
        "about a case, files on different grids, 4-D files, bfloat16. docs/README.md says more.",
    ),
    "hf": Format(export_hugging_face, ""),
}
"""Name of a format -> how it is written."""


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
    return FORMATS[to].write(model, folder)
