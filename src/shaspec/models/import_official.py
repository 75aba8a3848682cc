"""Import of checkpoints written by the authors' code: a model folder with a card."""

from __future__ import annotations

from pathlib import Path

from shaspec.errors import InputError
from shaspec.models.card import Card
from shaspec.models.official import from_official
from shaspec.models.official_files import Report, read_official
from shaspec.models.weights import save_model
from shaspec.task import Task

LICENCE = "that of the checkpoint's authors; the file does not name one"
OURS = {"shaspec": "shaspec", "maml": "maml", "m3l": "linear-fusion"}
WINDOWS: dict[str, tuple[int, ...]] = {
    "shaspec": (80, 160, 160),
    "maml": (128, 128, 128),
    "m3l": (540, 540),
}
"""Window of the authors in training and inference, in voxels or pixels."""


def import_official(
    path: Path, method: str, task: Task, out: Path, *, part: str | None = None, absent: str = "mean"
) -> tuple[Card, Report]:
    """Read ``path`` without running anything in it and write safetensors and card to ``out``.

    Args:
        path: checkpoint of the authors' training.
        method: ``shaspec``, ``maml`` or ``m3l``.
        task: its modalities and labels in the order in which the checkpoint was trained.
        out: the new model folder.
        part: name of the table of tensors to import, if there are several.
        absent: for ShaSpec, ``mean`` (paper) or ``first`` (authors' code).

    Raises `InputError` or `WeightsError` if file, method or task do not match.
    """
    tensors, report = read_official(path, part)
    options = {"absent": absent} if method == "shaspec" else {}
    network = from_official(method, tensors, **options)
    config = network.config
    outputs = 1 + len(task.labels) if network.exclusive else len(task.regions)
    if (network.modalities, config.out_channels) != (len(task.names), outputs):
        raise InputError(
            f"{path} has {network.modalities} modalities and {config.out_channels} output "
            f"channels, task {task.name!r} has {len(task.names)} and {outputs}: "
            "name a task that fits"
        )
    card = Card(
        name=out.name,
        title=f"{method}, weights of the authors' code: {task.title}",
        description=f"imported from {path.name}",
        licence=LICENCE,
        method=OURS[method],
        preset="official",
        network=config.model_dump(mode="json"),
        task=task,
        window=WINDOWS[method],
        instant_toggles=network.instant_toggles,
    )
    return save_model(out, network.float(), card), report
