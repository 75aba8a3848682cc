"""A folder that can be pushed to the Hugging Face Hub: weights, card and a model page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.exporting.readme import hugging_face_readme
from shaspec.files.reading import read_bytes
from shaspec.files.writing import check_folder, write_atomically
from shaspec.models.card import CARD_FILE, LARGEST_WEIGHTS, WEIGHTS_FILE, model_folder

if TYPE_CHECKING:
    from shaspec.models.weights import Model


def export_hugging_face(model: Model, folder: Path) -> list[Path]:
    """Write the weights, the card and ``README.md`` with the header of a model page.

    Nothing is lost: `shaspec.load_model` loads the folder. Nothing is sent anywhere; pushing it is
    up to the user, e.g. ``hf upload NAME FOLDER``.

    Args:
        model: from `shaspec.load_model`.
        folder: created if it is missing.

    Returns:
        The files written.

    Raises:
        InputError: if files of the model cannot be read, or files cannot be written.
        WeightsError: if the folder of the model is gone.
    """
    check_folder(folder, (WEIGHTS_FILE, CARD_FILE, "README.md"))
    source = model_folder(model.source)
    page = f"{hugging_face_readme(model.card)}\n".encode()
    for name in (WEIGHTS_FILE, CARD_FILE):
        write_atomically(folder / name, read_bytes(source / name, LARGEST_WEIGHTS))
    write_atomically(folder / "README.md", page)
    return [folder / name for name in (WEIGHTS_FILE, CARD_FILE, "README.md")]
