"""A MONAI bundle: metadata and inference in JSON, with the network as this program defines it."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shaspec import __version__
from shaspec.errors import InputError
from shaspec.exporting.readme import bundle_readme
from shaspec.files.reading import read_bytes
from shaspec.files.writing import check_folder, write_atomically
from shaspec.models.card import CARD_FILE, LARGEST_WEIGHTS, WEIGHTS_FILE, model_folder

if TYPE_CHECKING:
    from shaspec.models.card import Card
    from shaspec.models.weights import Model

MONAI_VERSION = "1.6.1"
"""The version that the tests run; others of 1.x should work."""
SCHEMA = "https://project-monai.github.io/schema/meta_schema_20240725.json"
PARTS = "shaspec.exporting.bundle_parts"
MULTIPLE = 8  # voxels, as `shaspec.inference.windows.lengthened` rounds


def export_monai_bundle(model: Model, folder: Path) -> list[Path]:
    """Write a folder after MONAI's bundle specification, for ``python -m monai.bundle run``.

    ``configs/metadata.json`` and ``configs/inference.json`` describe and run the model; weights and
    card are in ``models``. There is no ``model.pt``: MONAI's is a pickle.

    Args:
        model: from `shaspec.load_model`, for segmentation of volumes.
        folder: created if it is missing.

    Returns:
        The files written.

    Raises:
        InputError: if the model classifies or is for pictures, files of the model cannot be read,
            or files cannot be written.
        WeightsError: if the folder of the model is gone.
    """
    card, network = model.card, model.network
    if card.task.kind != "segmentation" or card.task.dims != 3 or max(card.task.channels) > 1:
        raise InputError(
            f"{card.name}: a MONAI bundle is written for models that segment volumes of one "
            "channel per modality; choose another model or format"
        )
    source = model_folder(model.source)
    texts = {
        "configs/metadata.json": _json(_metadata(card, network.divisor, network.exclusive)),
        "configs/inference.json": _json(_inference(card)),
        "docs/README.md": bundle_readme(card, folder.name),
        "LICENSE": f"Terms of the weights: {card.licence}\n",
    }
    files = {name: text.encode() for name, text in texts.items()}
    for name in (WEIGHTS_FILE, CARD_FILE):
        files[f"models/{name}"] = read_bytes(source / name, LARGEST_WEIGHTS)
    check_folder(folder, files)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [folder / name for name in files]


def _json(value: Any) -> str:
    return f"{json.dumps(value, indent=2)}\n"


def _metadata(card: Card, divisor: tuple[int, ...], exclusive: bool) -> dict[str, Any]:
    task = card.task
    regions = [label.name for label in task.labels] if exclusive else list(task.region_names)
    channels = ["background"] * exclusive + regions
    shape = [f"{step}*{letter}" for step, letter in zip(divisor, "nmk", strict=True)]
    tensor = {"type": "image", "spatial_shape": shape, "dtype": "float32", "is_patch_data": True}
    image = tensor | {
        "format": "magnitude",
        "modality": ", ".join(task.names),
        "num_channels": len(task.names),
        "value_range": [],
        "channel_def": dict(enumerate(task.names)),
    }
    pred = tensor | {
        "type": "probabilities",
        "format": "labels" if exclusive else "classes",
        "num_channels": len(channels),
        "value_range": [0, 1],
        "channel_def": dict(enumerate(channels)),
    }
    named = {0: "background"} | {label.value: label.title for label in task.labels}
    labels = tensor | {
        "format": "segmentation",
        "num_channels": 1,
        "spatial_shape": ["*", "*", "*"],
        "dtype": "uint8",
        "value_range": [0, max(named)],
        "is_patch_data": False,
        "channel_def": named,
    }
    return {
        "schema": SCHEMA,
        "version": card.version or __version__,
        "monai_version": MONAI_VERSION,
        "pytorch_version": metadata.version("torch").partition("+")[0],
        "numpy_version": metadata.version("numpy"),
        "required_packages_version": {
            "shaspec": __version__, "pytorch-ignite": "0.5", "nibabel": metadata.version("nibabel"),
        },
        "name": card.title,
        "task": f"Segmentation of {', '.join(task.region_names)} from any subset of "
        f"{', '.join(task.names)}",
        "description": card.description or card.title,
        "authors": "see models/card.json",
        "copyright": card.licence,
        "network_data_format": {
            "inputs": {"image": image},
            "outputs": {"pred": pred},
            "post_processed_outputs": {"pred": labels},
        },
    }  # fmt: skip


def _inference(card: Card) -> dict[str, Any]:
    """Inference as MONAI's engines run it: read, segment, write one label map per case."""
    files = {"models": "@models_dir", "present": "@present"}
    return {
        "imports": ["$import torch"],
        "bundle_root": ".",
        "models_dir": "$@bundle_root + '/models'",
        "dataset_dir": "$@bundle_root + '/data'",
        "output_dir": "$@bundle_root + '/eval'",
        "present": "all",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "network_def": {"_target_": f"{PARTS}.BundleNetwork", **files},
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image", "ensure_channel_first": True},
                {"_target_": "Orientationd", "keys": "image", "axcodes": "SPL", "labels": None},
                {"_target_": f"{PARTS}.Normalise", **files},
                {
                    "_target_": "CropForegroundd",
                    "keys": "image",
                    "source_key": "image",
                    "select_fn": "$lambda image: image != 0",
                },
                {"_target_": "DivisiblePadd", "keys": "image", "k": MULTIPLE, "method": "end"},
            ],
        },
        "dataset": {
            "_target_": "Dataset",
            "data": {"_target_": f"{PARTS}.case_files", "folder": "@dataset_dir", **files},
            "transform": "@preprocessing",
        },
        "dataloader": {
            "_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1, "num_workers": 0,
        },
        "inferer": {
            "_target_": f"{PARTS}.WindowInferer",
            "window": list(card.window),
            "spacing": list(card.task.spacing),
        },
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {
                    "_target_": "Invertd",
                    "keys": "pred",
                    "transform": "@preprocessing",
                    "orig_keys": "image",
                    "nearest_interp": False,
                },
                {"_target_": f"{PARTS}.Labels", "models": "@models_dir"},
                {
                    "_target_": "SaveImaged",
                    "keys": "pred",
                    "output_dir": "@output_dir",
                    "output_postfix": "pred",
                    "output_dtype": "uint8",
                    "resample": False,
                    "separate_folder": False,
                },
            ],
        },
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
        },
        "run": ["$@evaluator.run()"],
    }  # fmt: skip
