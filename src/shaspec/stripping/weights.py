"""The weights for skull stripping on disk, with their card.

They are bundled beside the models for segmentation, under another name of the card, so that no list
of models shows them.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from shaspec import __version__
from shaspec.errors import InputError, WeightsError
from shaspec.files.reading import is_file, read_bytes, read_json, sha256
from shaspec.files.writing import write_atomically
from shaspec.stripping.network import WIDTHS, StripNetwork
from shaspec.stripping.scaling import VOXEL_MM

FOLDER = "brain-mask"
CARD_FILE = "brain_mask.json"
WEIGHTS_FILE = "model.safetensors"
MOST_BYTES = 4 * 1024**2


class StripCard(BaseModel):
    """What is known about the weights."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    widths: tuple[int, ...] = WIDTHS
    """Channels of every level of the network."""
    voxel_mm: float = VOXEL_MM
    steps: int = 0
    minutes: float = 0.0
    trained_on: str = "generated heads only"
    licence: str = "LicenseRef-shaspec-weights"
    version: str = __version__
    sha256: str = ""


def bundled_stripper() -> Path:
    """Folder of the weights that are part of the package; it need not exist."""
    return Path(str(resources.files("shaspec") / "weights" / FOLDER))


def save_stripper(folder: Path, network: StripNetwork, *, steps: int, minutes: float) -> StripCard:
    """Write weights (float16) and card.

    Args:
        folder: created if it is missing.
        network: the network to save.
        steps: of its training.
        minutes: of its training.

    Returns:
        The card as written.

    Raises:
        InputError: if a file cannot be written.
    """
    tensors = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    write_atomically(folder / WEIGHTS_FILE, save(tensors))
    digest = sha256(folder / WEIGHTS_FILE)
    card = StripCard(widths=network.widths, steps=steps, minutes=round(minutes, 1), sha256=digest)
    write_atomically(folder / CARD_FILE, f"{card.model_dump_json(indent=1)}\n".encode())
    return card


def load_stripper(folder: Path | None = None) -> StripNetwork:
    """Load the network, ready for inference on the CPU.

    Args:
        folder: with weights and card; default: those of the package.

    Returns:
        The network in float32, frozen.

    Raises:
        WeightsError: if the weights are not installed, or do not match their card.
    """
    folder = folder or bundled_stripper()
    if not is_file(folder / CARD_FILE) or not is_file(folder / WEIGHTS_FILE):
        raise WeightsError(
            f"{folder}: the weights for skull stripping are not installed; strip the scans with "
            "another program, or prepare the case with --strip never"
        )
    path = folder / WEIGHTS_FILE
    try:
        card = StripCard.model_validate(read_json(folder / CARD_FILE))
        data = read_bytes(path, MOST_BYTES)
        if sha256(path) != card.sha256:
            raise InputError("does not match its card (sha256 differs)")
        if card.voxel_mm != VOXEL_MM:
            raise InputError(f"was trained on voxels of {card.voxel_mm:g} mm, not {VOXEL_MM:g}")
        network = StripNetwork(card.widths)
        network.load_state_dict({k: v.float() for k, v in load(data).items()})
    except (InputError, ValidationError, SafetensorError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"{path}: these weights for skull stripping cannot be used ({error}); install shaspec "
            "again"
        ) from error
    return network.eval().requires_grad_(False)
