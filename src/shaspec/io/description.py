"""Channel names from a ``dataset.json`` of the Medical Segmentation Decathlon or nnU-Net."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import read_json
from shaspec.io.naming import read_name
from shaspec.task import Task

DESCRIPTION = "dataset.json"


def channel_order(description: Path, task: Task) -> list[str]:
    """Modality names in channel order; a channel unknown to the task keeps its own name."""
    try:
        content: dict[str, Any] = read_json(description)
        named = content.get("channel_names") or content["modality"]
        named = dict(enumerate(named)) if isinstance(named, list) else named
        channels = [str(named[key]) for key in sorted(named, key=int)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f'{description}: does not list the channels as "modality": '
            f'{{"0": "{task.names[0]}", ...}} '
            f"({error!r}); correct or remove it"
        ) from error
    readings = [read_name(channel, task) for channel in channels]
    for channel, reading in zip(channels, readings, strict=True):
        if reading.match is None and reading.candidates:
            raise InputError(
                f"{description}: the modality of channel {channel!r} is unclear "
                f"({reading.reason}); call it {' or '.join(reading.candidates)}"
            )
    order = [r.match.role if r.match else c for r, c in zip(readings, channels, strict=True)]
    if len(set(order)) != len(order) or not set(order) & set(task.names):
        raise InputError(
            f"{description}: the channels {', '.join(channels)} cannot be assigned to "
            f"{task.title_names}; correct the names"
        )
    return order
