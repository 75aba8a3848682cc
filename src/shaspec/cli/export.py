"""``shaspec export``: a model in the format of another program."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Overwrite, escape
from shaspec.files.reading import resolved


class Format(StrEnum):
    """The formats of `shaspec.exporting.FORMATS`, which imports torch."""

    onnx = "onnx"
    monai_bundle = "monai-bundle"
    hf = "hf"


def export(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    to: Annotated[
        Format,
        typer.Option(
            help="onnx: two graphs for ONNX Runtime; monai-bundle: a folder for MONAI's bundle "
            "programs; hf: a Hugging Face model folder."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    overwrite: Overwrite = False,
) -> None:
    """Write a model in the format of another program. Nothing is sent anywhere.

    The README.md among the files says how to use them, and what they lack.
    """
    from shaspec.errors import InputError
    from shaspec.exporting import FORMATS, export_model
    from shaspec.files.reading import entries_of, exists, is_folder
    from shaspec.models.card import model_folder
    from shaspec.models.weights import load_model

    if exists(out) and resolved(model_folder(model)) == resolved(out):
        raise InputError(f"--out {out} is the folder of the model; choose another one")
    if not overwrite and is_folder(out) and entries_of(out):
        raise InputError(f"--out {out} is not empty; choose another folder or add --overwrite")
    console = Console()
    for path in export_model(load_model(model), to.value, out):
        console.print(f"wrote {escape(str(path))}")
    if lost := FORMATS[to.value].lost:
        console.print(escape(lost))
