"""Models on disk: a safetensors file and a card, without executable content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from shaspec import __version__
from shaspec.errors import InputError, WeightsError
from shaspec.files.reading import is_file, read_json, sha256
from shaspec.files.writing import sweep, write_atomically
from shaspec.memory import enough_memory, is_out_of_memory
from shaspec.models.base import Network
from shaspec.models.calibration import Calibration
from shaspec.models.card import (
    CARD_FILE,
    WEIGHTS_FILE,
    Card,
    Training,
    bundled_models,
    load_card,
    model_folder,
)
from shaspec.models.registry import build, check_config

__all__ = [
    "Model",
    "bundled_models",
    "load_card",
    "load_model",
    "save_model",
    "untrained",
    "write_calibration",
]


@dataclass(frozen=True)
class Model:
    """A network and its card."""

    network: Network
    """The network; `load_model` puts it on the CPU."""
    card: Card
    """The model card."""
    source: str = ""
    """Argument of `load_model` for this model: a bundled name or a folder; empty: not saved."""


def save_model(folder: Path, network: Network, card: Card, *, half: bool = False) -> Card:
    """Write a network and its card, each file atomically.

    Args:
        folder: created if it is missing.
        network: the network to save.
        card: its card; checksum, version and number of parameters are filled in.
        half: store float16, for bundled weights; they are loaded as float32.

    Returns:
        The card as written.

    Raises:
        InputError: if the files cannot be written.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    weights = folder / WEIGHTS_FILE
    sweep(folder)
    write_atomically(weights, save(tensors))
    card = card.model_copy(
        update={
            "sha256": sha256(weights),
            "version": __version__,
            "parameters": sum(p.numel() for p in network.parameters()),
        }
    )
    write_atomically(folder / CARD_FILE, f"{card.model_dump_json(indent=1)}\n".encode())
    return card


def write_calibration(folder: Path, calibration: Calibration | None) -> Card:
    """Put temperatures into the card of a model; the weights stay as they are.

    Args:
        folder: a model folder.
        calibration: the temperatures; None: remove those of the card.

    Returns:
        The card as written.

    Raises:
        WeightsError: if there is no card, or the temperatures do not fit its task.
        InputError: if the card cannot be written.
    """
    path = model_folder(folder) / CARD_FILE
    try:
        # The card as it is on disk: `load_card` brings its task up to date.
        content = Card.model_validate(read_json(path)).model_dump(mode="json")
        kept = None if calibration is None else calibration.model_dump(mode="json")
        card = Card.model_validate(content | {"calibration": kept})
    except (InputError, ValidationError) as error:
        raise WeightsError(f"{path}: {error}") from error
    write_atomically(path, f"{card.model_dump_json(indent=1)}\n".encode())
    return card


def load_model(name_or_folder: str | Path, *, training: bool = False) -> Model:
    """Load a model.

    Args:
        name_or_folder: name of a bundled model, or a model folder.
        training: False: frozen, ready for inference; True: as saved.

    Returns:
        The network with its card.

    Raises:
        WeightsError: for an unknown model, if the card cannot be read, or if card and weights do
            not match.
        InputError: if the bundled task file of its task cannot be read.
        OutOfMemoryError: if the memory does not suffice.
    """
    with enough_memory(f"loading model {name_or_folder}"):
        return _load(name_or_folder, training=training)


def _load(name_or_folder: str | Path, *, training: bool) -> Model:
    folder = model_folder(name_or_folder)
    card = load_card(folder)
    weights = folder / WEIGHTS_FILE
    if not is_file(weights):
        raise WeightsError(f"{folder} has a card but no {WEIGHTS_FILE}: copy it there")
    if card.sha256 and sha256(weights) != card.sha256:
        raise WeightsError(
            f"{weights} does not match its model card (sha256 differs): "
            "use a card and weights from the same source"
        )
    try:
        tensors = load_file(weights)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        if is_out_of_memory(error):
            raise
        raise WeightsError(f"{weights} is not a readable safetensors file: {error}") from error
    try:
        config = check_config(card.method, card.network)
    except InputError as error:
        raise WeightsError(f"{folder / CARD_FILE}: {error}") from error
    with torch.device("meta"):
        network = _built(card, config, folder / CARD_FILE)
    _check_fit(network, tensors, weights)
    floats = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    network.load_state_dict(floats, assign=True)
    if network.instant_toggles != card.instant_toggles:
        raise WeightsError(f"{folder / CARD_FILE}: instant_toggles does not fit {card.method}")
    if card.temperature and network.exclusive:
        raise WeightsError(
            f"{folder / CARD_FILE}: calibration: the labels of this network exclude each other, "
            "and a temperature per region does not fit them; remove calibration from the card"
        )
    if not training:
        network.prepare_for_inference()
        network.requires_grad_(False)
    bundled = str(name_or_folder) in bundled_models()
    return Model(network, card, str(name_or_folder) if bundled else str(folder.absolute()))


def untrained(model: Model, seed: int = 0) -> Model:
    """A network of the same configuration with random weights, for comparison with training."""
    card = model.card
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(card.method, check_config(card.method, card.network))
    network.prepare_for_inference()
    network.requires_grad_(False)
    changes = {"name": f"untrained {card.name}", "training": Training(), "sha256": ""}
    return Model(network, card.model_copy(update=changes))


def _built(card: Card, config: BaseModel, path: Path) -> Network:
    """The network of a card; raises `WeightsError` for settings that do not go together."""
    try:
        network = build(card.method, config)
        fits = all(n > 0 for n in network.divisor)
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise WeightsError(f"{path}: no network can be made of its settings ({error})") from error
    stored = config.model_dump()
    for key, expected in (("dims", card.task.dims), ("in_channels", max(card.task.channels))):
        fits = fits and stored.get(key) in (None, expected)
    if not fits or network.modalities != len(card.task.modalities):
        raise WeightsError(f"{path}: its network does not fit its task; copy the card again")
    return network


def _check_fit(network: Network, tensors: dict[str, torch.Tensor], path: Path) -> None:
    expected = {k: tuple(v.shape) for k, v in network.state_dict().items()}
    given = {k: tuple(v.shape) for k, v in tensors.items()}
    wrong = [f"missing {k}" for k in expected.keys() - given.keys()]
    wrong += [f"unexpected {k}" for k in given.keys() - expected.keys()]
    wrong += [
        f"{k} has shape {given[k]}, not {expected[k]}"
        for k in expected.keys() & given.keys()
        if given[k] != expected[k]
    ]
    wrong += [
        f"{k} has the type {str(tensors[k].dtype).removeprefix('torch.')}"
        for k, v in network.state_dict().items()
        if k in tensors and v.is_floating_point() != tensors[k].is_floating_point()
    ]
    if wrong:
        shown = "; ".join(sorted(wrong)[:5])
        raise WeightsError(f"{path} does not fit its card in {len(wrong)} tensors: {shown}")
    broken = [k for k, v in tensors.items() if not torch.isfinite(v).all()]
    if broken:
        raise WeightsError(
            f"{path} has values that are not finite numbers in {len(broken)} tensors, e.g. "
            f"{min(broken)}: it is damaged, or its training diverged; copy it again or train again"
        )
