"""Model folders with a few thousand random weights, for tests of the engine and of the plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shaspec.models.card import Card
from shaspec.task import Task

ENCODER = {
    "stem_width": 4,
    "stem_kernel": 3,
    "stem_stride": (2, 2, 2),
    "max_pool": False,
    "widths": (6, 8),
    "depths": (1, 1),
    "channels": 8,
    "dilations": (1, 2),
    "image_pool": False,
}
TINY: dict[str, dict[str, Any]] = {
    "shaspec": {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (8, 6)},
    "maml": {"base_features": 4, "n_downsamplings": 2, "convs": 1, "exclusive": True},
    "simmlm": {"base_features": 4, "n_downsamplings": 2, "convs": 1, "exclusive": True},
    "linear-fusion": {
        "widths": (4, 6),
        "depths": (1, 1),
        "heads": (1, 2),
        "reductions": (2, 1),
        "head_width": 5,
        "exclusive": True,
    },
    "shaspec-classifier": {"widths": (4, 6), "channels": 8, "hidden": 8},
    "zero-fill": {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)},
}


def save_tiny(
    folder: Path,
    task: Task,
    method: str = "shaspec",
    *,
    name: str = "",
    window: int = 32,
    seed: int = 0,
    **changes: Any,
) -> Path:
    """Writes a model with random weights into ``folder``.

    Args:
        folder: of the model; it is made if it is not there.
        task: modalities, regions and axes.
        method: a key of `TINY`.
        name: of the card; default: ``tiny-`` and the method.
        window: voxels along each axis.
        seed: of the weights.
        changes: settings of the network that differ from `TINY`.
    """
    import torch  # tests of files, names and grids run without it

    from shaspec.models.registry import build, network_config
    from shaspec.models.weights import save_model

    torch.manual_seed(seed)
    config = network_config(method, "light", task, **TINY[method] | changes)
    network = build(method, config)
    card = Card(
        name=name or f"tiny-{method}",
        title="for tests",
        licence="none",
        method=method,
        preset="light",
        network=config.model_dump(mode="json"),
        task=task,
        window=(window,) * task.dims,
        instant_toggles=network.instant_toggles,
    )
    save_model(folder, network, card)
    return folder
